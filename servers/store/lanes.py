"""Two ways to run a synchronous transaction under asyncio.

SQLite's calls block, so they run in threads: exactly one that writes, because SQLite lets writers starve
each other. asyncmy's do not, so they run on the event loop, in a greenlet that steps aside whenever the
driver waits. Both admit a bounded crowd.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from domain.shared.errors import Unavailable

T = TypeVar("T")

Attempt = Callable[[Engine, Callable[[Connection], T]], T]
"""`attempt.write_once` or `attempt.read_once`."""


class Admission:
    """At most `running` at once, at most `waiting` behind them, in the order of their coming."""

    def __init__(self, running: int, waiting: int) -> None:
        self._slots = asyncio.Semaphore(running)
        self._max_waiting = waiting
        self.waiting = 0

    async def enter(self) -> None:
        """Wait for a slot. Raises Unavailable at once if too many wait already."""
        if self._slots.locked() and self.waiting >= self._max_waiting:
            raise Unavailable("STORE_OVERLOADED", "too much work waits for the database")
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        self._slots.release()


class Lane(Protocol):
    """Runs attempts. Who calls `run` has entered `admission`, and leaves it afterwards."""

    admission: Admission

    async def run(self, attempt: Attempt[T], work: Callable[[Connection], T]) -> T: ...

    async def close(self) -> None: ...


class ThreadLane:
    """Attempts on threads, one connection each."""

    def __init__(self, engine: Engine, threads: int, max_waiting: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        # One more than there are threads, so that a thread finds its next attempt without a round
        # through the event loop.
        self.admission = Admission(threads + 1, max_waiting)

    async def run(self, attempt: Attempt[T], work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, attempt, self._engine, work)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


class LoopLane:
    """Attempts on the event loop, cut short after `seconds`: a network may fall silent."""

    def __init__(self, engine: AsyncEngine, connections: int, max_waiting: int, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self.admission = Admission(connections, max_waiting)

    async def run(self, attempt: Attempt[T], work: Callable[[Connection], T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await greenlet_spawn(attempt, self._engine.sync_engine, work)
        except TimeoutError as error:
            raise Unavailable("STORE_UNAVAILABLE", "the database took too long") from error

    async def close(self) -> None:
        await self._engine.dispose()
