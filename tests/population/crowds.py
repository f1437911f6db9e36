"""Who calls: members behind one address who call in bursts, one who hammers, and one who scans."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field

import grpc

from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc

WINDOW_SECONDS = 5.0
UNITS = 10
"""What a member may do in a window."""
BURST = UNITS // 2
"""Two bursts a window apart never lie in one window three times."""
OFFICE = (("x-nectary-internal-address", "198.51.100.7"),)
ATTACKER = "attacker"
"""A member, who is signed in."""
CELLAR = (("x-nectary-internal-address", "203.0.113.9"),)
HAMMERS = 16
"""Calls that the attacker keeps under way."""
GRACE_SECONDS = 2.0
"""After so long an attack is to be refused."""
REFUSALS = (
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    # Who goes on is listed, and then denied.
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
)
Metadata = Sequence[tuple[str, str]]


@dataclass
class Count:
    """Calls by what became of them."""

    admitted: int = 0
    refused: int = 0
    late_admitted: int = 0
    """Of calls made after GRACE_SECONDS."""
    late_refused: int = 0
    began: float = field(default_factory=time.monotonic)

    async def add(self, call: Awaitable[object]) -> None:
        """Counts one call. Raises AioRpcError if it is neither answered nor refused."""
        is_late = time.monotonic() - self.began > GRACE_SECONDS
        try:
            await call
            is_refused = False
        except grpc.aio.AioRpcError as error:
            if error.code() not in REFUSALS:
                raise
            is_refused = True
        self.admitted += not is_refused
        self.refused += is_refused
        self.late_admitted += is_late and not is_refused
        self.late_refused += is_late and is_refused


async def honest(stub: rpc.EchoServiceStub, members: int, bursts: int) -> Count:
    """Each member calls in bursts, inside its limit, with thousands of others behind the same address."""
    count = Count()

    async def member(number: int) -> None:
        # Spread over a window, as people are.
        await asyncio.sleep(WINDOW_SECONDS * number / members)
        request = pb.LookRequest(member_id=f"honest-{number}")
        for _ in range(bursts):
            await asyncio.gather(*(count.add(stub.Look(request, metadata=OFFICE)) for _ in range(BURST)))
            await asyncio.sleep(WINDOW_SECONDS)

    await asyncio.gather(*(member(number) for number in range(members)))
    return count


async def hammering(stub: rpc.EchoServiceStub, count: Count, token: Metadata) -> None:
    """One member's calls, as fast as they are answered, until cancelled."""
    request = pb.LookRequest(member_id=ATTACKER)

    async def one() -> None:
        while True:
            await count.add(stub.Look(request, metadata=(*CELLAR, *token)))

    await together([one() for _ in range(HAMMERS)])


async def scanning(channel: grpc.aio.Channel, count: Count) -> None:
    """Calls of methods that do not exist, until cancelled."""
    while True:
        probe: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/guess.v1.Admin/Dump")
        await count.add(probe(b""))


async def together(endless: Sequence[Awaitable[None]]) -> None:
    await asyncio.gather(*endless)
