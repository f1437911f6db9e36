"""The coalescer: callers that wait at the same time are served by one call of a batch function.

The first item starts a batch at the end of the current turn of the event loop, so that everything
which was ready to run joins it. While `in_flight` batches run, the next one gathers: under load the
batches grow by themselves and nobody waits for a timer. Where a batch costs much more than its items, a
crowd may be given a pause to gather in: whoever comes alone still never waits. This is group commit, and
just as well a pipeline of Redis calls or a `WHERE id IN (...)`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from domain.shared.errors import Unavailable

K = TypeVar("K")
V = TypeVar("V")

Pause = Callable[[int], float]
"""Seconds for which so many that waited while a batch ran wait for others; 0: not at all."""


def at_once(_waiting: int) -> float:
    """No pause."""
    return 0.0


def for_two(seconds: float) -> Pause:
    """Two or more wait. One alone came back as soon as he was answered, and has nobody to wait for."""
    return lambda waiting: seconds if waiting > 1 else 0.0


class Coalescer(Generic[K, V]):
    """Turns concurrent `await coalescer(item)` into `await batch(items)`.

    `batch` returns one result for each item, in their order; a result that is an exception is raised
    to the caller of that item alone. If `batch` raises, all its callers get that error. A caller that
    is cancelled while it waits in the queue is left out of the batch; once its batch runs, its work
    is done as for the others and its result dropped.
    """

    def __init__(
        self,
        batch: Callable[[Sequence[K]], Awaitable[Sequence[V | Exception]]],
        *,
        max_size: int,
        max_waiting: int,
        in_flight: int = 1,
        pause: Pause = at_once,
    ) -> None:
        """`max_size` items a batch, `max_waiting` queued items, `in_flight` batches at once; all >= 1.

        A `pause` ends as soon as those who wait fill a batch.
        """
        if min(max_size, max_waiting, in_flight) < 1:
            raise ValueError("max_size, max_waiting and in_flight are at least 1")
        self._batch = batch
        self._max_size = max_size
        self._max_waiting = max_waiting
        self._in_flight = in_flight
        self._pause = pause
        self._waiting: deque[tuple[K, asyncio.Future[V]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._next: asyncio.Handle | None = None
        """The start of the next batch, if it is set."""
        self._pausing = False

    async def __call__(self, item: K) -> V:
        """The result for this item. Raises Unavailable(STORE_OVERLOADED) if too many wait already."""
        return await self.put(item)

    def put(self, item: K) -> asyncio.Future[V]:
        """As a call does, after whatever was put before; nobody need wait for the result."""
        if len(self._waiting) >= self._max_waiting:
            self._forget_the_cancelled()
        if len(self._waiting) >= self._max_waiting:
            raise Unavailable("STORE_OVERLOADED", "too much work waits for the database")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[V] = loop.create_future()
        self._waiting.append((item, future))
        idle = self._next is None and len(self._running) < self._in_flight
        if idle or (self._pausing and len(self._waiting) >= self._max_size):
            self._schedule(loop.call_soon(self._start))
        return future

    @property
    def has_waiting(self) -> bool:
        """Whether items wait for the next batch."""
        return bool(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self._waiting and not self._running

    async def drain(self) -> None:
        """Returns when nothing waits and nothing runs."""
        while self._waiting or self._running:
            await asyncio.wait(self._running) if self._running else await asyncio.sleep(0)

    def _schedule(self, start: asyncio.Handle, *, pausing: bool = False) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next, self._pausing = start, pausing

    def _start(self) -> None:
        self._next, self._pausing = None, False
        while len(self._running) < self._in_flight and (gathered := self._gather()):
            # In a context of its own: a batch is no part of the call whose item came first, and must
            # not inherit its deadline.
            task = asyncio.create_task(self._run(gathered), context=Context())
            self._running.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        waiting = len(self._waiting)
        seconds = self._pause(waiting) if 0 < waiting < self._max_size else 0.0
        if not seconds:
            self._start()
        elif self._next is None:
            loop = asyncio.get_running_loop()
            self._schedule(loop.call_later(seconds, self._start), pausing=True)

    def _gather(self) -> list[tuple[K, asyncio.Future[V]]]:
        gathered: list[tuple[K, asyncio.Future[V]]] = []
        while self._waiting and len(gathered) < self._max_size:
            item, future = self._waiting.popleft()
            if not future.done():
                gathered.append((item, future))
        return gathered

    async def _run(self, gathered: list[tuple[K, asyncio.Future[V]]]) -> None:
        results: Sequence[V | Exception]
        try:
            results = await self._batch([item for item, _ in gathered])
            if len(results) != len(gathered):
                raise RuntimeError(f"a batch of {len(gathered)} items gave {len(results)} results")
        except Exception as error:
            results = [error] * len(gathered)
        except BaseException as error:
            # The event loop is closing, or the batch function was cancelled from inside: nobody may
            # be left waiting for ever.
            _settle(gathered, [RuntimeError(f"the batch was ended by {error!r}")] * len(gathered))
            raise
        _settle(gathered, results)

    def _forget_the_cancelled(self) -> None:
        self._waiting = deque(entry for entry in self._waiting if not entry[1].done())


def _settle(gathered: Sequence[tuple[K, asyncio.Future[V]]], results: Sequence[V | Exception]) -> None:
    for (_, future), result in zip(gathered, results, strict=True):
        if future.done():
            continue
        if not isinstance(result, Exception):
            future.set_result(result)
            continue
        # A future refuses StopIteration: inside a coroutine it would end the wrong thing.
        future.set_exception(RuntimeError(repr(result)) if isinstance(result, StopIteration) else result)
        # Marks it as seen: a caller cancelled in this very turn never will.
        future.exception()
