"""Load from processes of its own: what it costs to ask is no part of what it costs to answer."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from benchmarks.loadgen.driver import drive
from benchmarks.loadgen.journal import Journal
from benchmarks.loadgen.plan import Call, Closed, Plan
from benchmarks.loadgen.status import BY_CLIENT, OK, Status

P = ParamSpec("P")
T = TypeVar("T")

CONNECTIONS = 16
"""Of each client: many calls share one, as they do between services of several processes."""
DEADLINE_SECONDS = 10.0
"""Of a call: far more than one takes."""


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

        Raises ConnectionError if one is refused, or with `refused` if one is not; and if one has no answer
        within DEADLINE_SECONDS.
        """
        shares = [requests[index :: self._clients] for index in range(self._clients)]
        each = in_flight // self._clients
        pending = [self._pool.submit(_drive, address, path, share, each, refused) for share in shares]
        journals = [future.result() for future in pending]
        answers: list[bytes] = [b""] * len(requests)
        for index, journal in enumerate(journals):
            answers[index :: self._clients] = journal.messages
        ended = max(journal.began + journal.seconds for journal in journals)
        return Driven(ended - min(journal.began for journal in journals), answers)

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Some other work, in one of the clients."""
        return self._pool.submit(work, *args, **kwargs).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def _drive(address: str, path: str, requests: Sequence[bytes], in_flight: int, refused: bool) -> Journal:
    calls = [Call(path, request) for request in requests]
    journal = drive(Plan(address, calls, Closed(in_flight), CONNECTIONS, deadline_seconds=DEADLINE_SECONDS))
    wrong = [status for status in journal.statuses if not _is_as_meant(status, refused)]
    if wrong:
        raise ConnectionError(f"{len(wrong)} calls ended as none should, the first with {wrong[0]}")
    return journal


def _is_as_meant(status: Status, refused: bool) -> bool:
    return not status.reason.startswith(BY_CLIENT) and (status != OK) is refused
