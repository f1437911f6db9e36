"""The one door to the database: a transaction is a function."""

import asyncio
import random
from collections.abc import Callable
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from domain.shared.errors import DomainError, Raced, Unavailable
from servers.store.attempt import read_once, write_once
from servers.store.config import StoreConfig
from servers.store.engine import mysql_engine, sqlite_reader, sqlite_writer
from servers.store.faults import CommitUnknown, Fault, fault_of
from servers.store.lanes import Attempt, Lane, LoopLane, ThreadLane

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_PAUSE_SECONDS = 0.04
"""Bound of the random pause before the last try; each pause before it has half the bound."""


class Store:
    """Runs synchronous functions of a connection in transactions.

    Once begun, a transaction runs to its end in its own task: a caller that is cancelled leaves it
    running and breaks no connection. A caller that is cancelled while it waits its turn leaves nothing.
    """

    def __init__(self, config: StoreConfig) -> None:
        self._tries = config.tries
        self._writers, self._readers = _lanes(config)
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False
        self.last_write_failed = False
        """Whether the last transaction found the database unable to write: see `health`."""

    @property
    def waiting(self) -> int:
        """How many transactions wait for their turn now."""
        lanes = {self._writers, self._readers}
        return sum(lane.admission.waiting for lane in lanes)

    async def transact(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `function(connection, *args, **kwargs)` returns, committed; nothing is kept if it raises.

        The function may be run several times: again, with a short random pause, when it lost a race (a
        deadlock, a lock wait, its own Raced), and once more when the connection died before COMMIT. So
        it must change nothing but the database.

        Raises what the function raises; Raced (its own, or TRANSACTION_RACED) when every try lost;
        Unavailable (STORE_UNAVAILABLE, STORE_OVERLOADED) when nothing was written; CommitUnknown when
        the answer to COMMIT was lost.
        """
        try:
            result = await self._shielded(self._writers, write_once, partial(_call, function, args, kwargs))
        except (Unavailable, CommitUnknown):
            self.last_write_failed = True
            raise
        self.last_write_failed = False
        return result

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What the function returns; nothing it writes is kept. Raises as `transact`, without the last.

        On SQLite its statements see one snapshot; on MySQL each sees what is committed when it begins.
        """
        return await self._shielded(self._readers, read_once, partial(_call, function, args, kwargs))

    async def close(self) -> None:
        """Refuse new work, let what runs end, close every connection."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        for lane in {self._writers, self._readers}:
            await lane.close()

    async def _shielded(self, lane: Lane, attempt: Attempt[T], work: Callable[[Connection], T]) -> T:
        await lane.admission.enter()
        if self._closed:
            lane.admission.leave()
            raise Unavailable("STORE_UNAVAILABLE", "the store is closed")
        task = asyncio.create_task(self._tried(lane, attempt, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _tried(self, lane: Lane, attempt: Attempt[T], work: Callable[[Connection], T]) -> T:
        try:
            return await self._until_done(lane, attempt, work)
        finally:
            lane.admission.leave()

    async def _until_done(self, lane: Lane, attempt: Attempt[T], work: Callable[[Connection], T]) -> T:
        reconnected = False
        for tries_left in reversed(range(self._tries)):
            try:
                return await lane.run(attempt, work)
            except Raced:
                if not tries_left:
                    raise
            except Exception as error:
                fault = fault_of(error)
                if fault is None:
                    raise
                if not tries_left or (fault is Fault.DOWN and reconnected):
                    raise _given_up(fault) from error
                # One dead connection empties the pool: the next try opens a new one.
                reconnected = fault is Fault.DOWN
            await asyncio.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS / 2**tries_left))
        raise AssertionError("the last try returns or raises")


def _given_up(fault: Fault) -> DomainError:
    if fault is Fault.RACED:
        return Raced("TRANSACTION_RACED", "other writers won every try")
    return Unavailable("STORE_UNAVAILABLE", "the database does not answer")


def _lanes(config: StoreConfig) -> tuple[Lane, Lane]:
    if config.is_sqlite:
        writers = ThreadLane(sqlite_writer(config), 1, config.max_waiting)
        return writers, ThreadLane(sqlite_reader(config), config.pool_size, config.max_waiting)
    lane = LoopLane(mysql_engine(config), config.pool_size, config.max_waiting, config.transaction_seconds)
    return lane, lane


def _call(
    function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], connection: Connection
) -> T:
    return function(connection, *args, **kwargs)
