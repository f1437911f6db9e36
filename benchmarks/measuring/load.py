"""Load from processes of its own: what it costs to ask is no part of what it costs to answer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import uvloop

from benchmarks.measuring.http2 import Connection

P = ParamSpec("P")
T = TypeVar("T")

CONNECTIONS = 4
"""Of each client: many calls share one, as they do between services."""
LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Driven:
    """What came of some requests."""

    seconds: float
    """From the first request of all clients to the last answer."""
    answers: Sequence[bytes]
    """In the order of the requests."""


class Load:
    """Clients that start once and serve all rounds; close it with `with`."""

    def __init__(self, clients: int = 1) -> None:
        self._clients = clients
        # Spawned, not forked: a child has nothing of its parent's that it could disturb.
        self._pool = ProcessPoolExecutor(clients, mp_context=get_context("spawn"))

    def drive(
        self, address: str, path: str, requests: Sequence[bytes], in_flight: int, *, refused: bool = False
    ) -> Driven:
        """Send each request once, `in_flight` at any time.

        Raises ConnectionError if one is refused, or with `refused` if one is not; TimeoutError if they take
        more than LONGEST_SECONDS.
        """
        shares = [requests[index :: self._clients] for index in range(self._clients)]
        each = in_flight // self._clients
        pending = [self._pool.submit(_drive, address, path, share, each, refused) for share in shares]
        parts = [future.result() for future in pending]
        answers: list[bytes] = [b""] * len(requests)
        for index, part in enumerate(parts):
            answers[index :: self._clients] = part.answers
        return Driven(max(part.ended for part in parts) - min(part.begun for part in parts), answers)

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Some other work, in one of the clients."""
        return self._pool.submit(work, *args, **kwargs).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Part:
    begun: float
    ended: float
    """On the monotonic clock, which all processes of a machine share."""
    answers: Sequence[bytes]


def _drive(address: str, path: str, requests: Sequence[bytes], in_flight: int, refused: bool) -> _Part:
    return uvloop.run(_ask_all(address, path, requests, in_flight, refused))


async def _ask_all(
    address: str, path: str, requests: Sequence[bytes], in_flight: int, refused: bool
) -> _Part:
    host, _, port = address.rpartition(":")
    answers: list[bytes] = [b""] * len(requests)
    numbered = iter(enumerate(requests))
    loop, each = asyncio.get_running_loop(), in_flight // CONNECTIONS
    pairs = [
        await loop.create_connection(
            lambda: Connection(path, numbered, answers, each, refused=refused), host, int(port)
        )
        for _ in range(CONNECTIONS)
    ]
    try:
        begun = time.monotonic()
        for _, connection in pairs:
            connection.start()
        async with asyncio.timeout(LONGEST_SECONDS):
            await asyncio.gather(*(connection.done for _, connection in pairs))
        return _Part(begun, time.monotonic(), answers)
    finally:
        for transport, _ in pairs:
            transport.close()
