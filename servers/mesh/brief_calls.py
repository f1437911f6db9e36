"""Calls of a store that are waited for briefly and never cut off.

A call that is cancelled leaves its connection with an answer on the way, which the next one would take for
its own. So each runs in a task of its own, and only the wait for it ends.
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_SECONDS = 0.002
"""When the time is up, in case it was this process that was late: the answer may lie in the socket,"""
GRACE_FACTOR = 4
"""and so many times as late as this process was: to read it takes some turns of the event loop."""
CLOSE_SECONDS = 2.0


class BriefCalls:
    """The calls that are under way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, call: Coroutine[Any, Any, T], seconds: float) -> T:
        """Its result. Raises what it raises, or TimeoutError: then it may be done all the same."""
        task = asyncio.create_task(call)
        self._running.add(task)
        task.add_done_callback(self._forget)
        end = time.monotonic() + seconds
        done, _ = await asyncio.wait((task,), timeout=seconds)
        if not done:
            late = time.monotonic() - end
            done, _ = await asyncio.wait((task,), timeout=GRACE_SECONDS + GRACE_FACTOR * late)
        if not done:
            raise TimeoutError(f"no answer within {seconds} s")
        return task.result()

    async def close(self) -> None:
        """Returns when nothing is under way. What still hangs then is given up, with its connection."""
        if self._running:
            _, hanging = await asyncio.wait(self._running, timeout=CLOSE_SECONDS)
            for task in hanging:
                task.cancel()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Marks a late failure as seen: nobody waits for it any more.
            task.exception()
