"""Load from processes of its own: what it costs to ask is no part of what it costs to answer."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import grpc
import uvloop

P = ParamSpec("P")
T = TypeVar("T")

CONNECTIONS = 4
"""Of each client: many calls share one, as they do between services."""


@dataclass(frozen=True)
class Driven:
    """What came of some requests."""

    seconds: float
    """From the first request of all clients to the last answer."""
    answers: Sequence[bytes]
    """In the order of the requests."""


class Load:
    """Clients that start once and serve all rounds; close it with `with`."""

    def __init__(self, clients: int = 2) -> None:
        self._clients = clients
        # Spawned, not forked: gRPC does not survive a fork.
        self._pool = ProcessPoolExecutor(clients, mp_context=get_context("spawn"))

    def drive(self, address: str, path: str, requests: Sequence[bytes], in_flight: int) -> Driven:
        """Send each request once, `in_flight` at any time. Raises grpc.RpcError if one is not answered."""
        shares = [requests[index :: self._clients] for index in range(self._clients)]
        each = in_flight // self._clients
        pending = [self._pool.submit(_drive, address, path, share, each) for share in shares]
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


def _drive(address: str, path: str, requests: Sequence[bytes], in_flight: int) -> _Part:
    return uvloop.run(_ask_all(address, path, requests, in_flight))


async def _ask_all(address: str, path: str, requests: Sequence[bytes], in_flight: int) -> _Part:
    # Without the option all channels of a process to one address share a connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(CONNECTIONS)]
    try:
        for channel in channels:
            await channel.channel_ready()
        answers: list[bytes] = [b""] * len(requests)
        numbered = iter(enumerate(requests))
        begun = time.monotonic()
        workers = (
            _work(channels[index % CONNECTIONS].unary_unary(path), numbered, answers)
            for index in range(in_flight)
        )
        await asyncio.gather(*workers)
        return _Part(begun, time.monotonic(), answers)
    finally:
        for channel in channels:
            await channel.close()


async def _work(call: Any, numbered: Iterator[tuple[int, bytes]], answers: list[bytes]) -> None:
    for index, request in numbered:
        answers[index] = await call(request, timeout=30)
