"""A sale on the server under test: driven, its unknown answers resolved, and checked."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

import grpc

from benchmarks.checking.said import UNKNOWN, Found, Said
from benchmarks.loadgen.driver import drive
from benchmarks.loadgen.journal import Answer, Journal
from benchmarks.loadgen.plan import DEADLINE_SECONDS, Call, Closed, Open, Plan
from benchmarks.loadgen.status import OK
from benchmarks.measuring.children import Child, child
from benchmarks.measuring.cpu import cpu_seconds
from benchmarks.measuring.load import Load
from benchmarks.measuring.mesh import apply_catalog
from benchmarks.selling.ground import Ground, Meter
from benchmarks.selling.offers import Wish, calls
from benchmarks.selling.verdict import require_sound
from nectary.seckill.v1 import seckill_service_pb2 as pb
from nectary.seckill.v1 import seckill_service_pb2_grpc as rpc

IN_FLIGHT = 256
CONNECTIONS = 16
RESOLVE_SECONDS = 5.0


@dataclass(frozen=True)
class Run:
    """What came of some wishes, and what it cost."""

    journal: Journal
    server_seconds: float
    """CPU time of the server."""
    stores: Meter

    @property
    def sold(self) -> list[Answer]:
        return self.journal.successes()

    @property
    def last_sale(self) -> float:
        """Seconds from the first call to the last success."""
        return max((answer.ended for answer in self.sold), default=0.0)


@dataclass
class Seller:
    """Seckill on its stores, all of whose clients keep a log."""

    ground: Ground
    load: Load
    server: Child
    said: list[Said | Found] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)

    def sell(
        self,
        wanted: Sequence[Wish],
        pace: Closed | Open | None = None,
        *,
        connections: int = CONNECTIONS,
        at_once: bool = False,
        given: Sequence[Call] | None = None,
    ) -> Run:
        """Sends every wish once, or what is `given` for it; notes what was said and asks for what was not."""
        plan = Plan(
            self.server.address,
            given or calls(wanted),
            pace or Closed(IN_FLIGHT),
            connections,
            at_once=at_once,
        )
        run = driven(self.ground, self.load, self.server, plan)
        self.said += spoken(plan, wanted, run.journal)
        self.watched = sorted({*self.watched, *(wish.activity for wish in wanted)})
        unknown = [
            wish for wish, answer in zip(wanted, run.journal, strict=True) if answer.status.code in UNKNOWN
        ]
        if unknown:
            self.said += asyncio.run(resolved(self.server.address, unknown))
        return run

    def check(self) -> None:
        """Raises Void if anything that was sold since the beginning breaks I1 to I8."""
        require_sound(self.ground.store_url, self.ground.redis.url, self.said, self.watched)


@contextmanager
def seller(ground: Ground, load: Load, **settings: object) -> Iterator[Seller]:
    """Seckill with its interceptors and its jobs, on these stores; `settings` are its own.

    As in production it is a process by itself, and its CPU time is what is told. Identity and Risk, which
    reads every process's log of decisions, are another process.
    """
    own = {"store_url": ground.store_url, "redis_url": ground.redis.url}
    own |= {"listen_port": "0", "log_level": "error"}
    with child("servers.mesh.cli", "serve", "identity", "risk", settings=own) as others:
        # Without it Identity would refuse to deliver what is paid for, and every unit would come back.
        asyncio.run(apply_catalog(others.address))
        own["identity_target"] = others.address
        with child("servers.mesh.cli", "serve", "seckill", settings=own | settings) as server:
            yield Seller(ground, load, server)


def driven(ground: Ground, load: Load, server: Child, plan: Plan) -> Run:
    """A plan, and what it cost server and stores."""
    before, cpu_before = ground.meter(), cpu_seconds(server.pid)
    journal = load.run(drive, plan)
    return Run(journal, cpu_seconds(server.pid) - cpu_before, ground.meter().since(before))


def spoken(plan: Plan, wanted: Sequence[Wish], journal: Journal) -> Iterator[Said]:
    """The clients' log of a run."""
    epoch = time.time() - time.monotonic() + journal.began
    for wish, call, answer in zip(wanted, plan.calls, journal, strict=True):
        order = digest = ""
        if answer.status == OK:
            order = pb.ReserveUnitResponse.FromString(answer.message).reservation.order_id
            digest = sha256(answer.message).hexdigest()[:16]
        yield Said(
            *wish,
            sent=epoch + answer.due,
            ended=epoch + answer.ended,
            deadline_seconds=call.deadline_seconds or DEADLINE_SECONDS,
            code=answer.status.code,
            reason=answer.status.reason,
            order=order,
            answer=digest,
        )


async def resolved(address: str, unknown: Sequence[Wish]) -> list[Found]:
    """What GetResult says of wishes whose answer is unknown, once nothing is on its way any more."""
    found = []
    async with grpc.aio.insecure_channel(address) as channel:
        stub = rpc.SeckillServiceStub(channel)
        for wish in unknown:
            result = await _result(stub, wish)
            state = pb.ResultState.Name(result.state).removeprefix("RESULT_STATE_")
            found.append(Found(wish.activity, wish.member, wish.request, state, result.order.order_id))
    return found


async def _result(stub: rpc.SeckillServiceStub, wish: Wish) -> pb.GetResultResponse:
    end = time.monotonic() + RESOLVE_SECONDS
    asked = pb.GetResultRequest(
        activity_id=wish.activity, member_id=wish.member, reserve_request_id=wish.request
    )
    while True:
        result = await stub.GetResult(asked)
        if result.state != pb.RESULT_STATE_PENDING or time.monotonic() > end:
            return result
        await asyncio.sleep(0.05)
