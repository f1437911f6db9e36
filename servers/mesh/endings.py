"""Ends tasks for certain."""

import asyncio
from typing import Any

AGAIN_SECONDS = 1.0


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancels all of them until they end, whatever they end with.

    Once may not be enough: in Python 3.11 `asyncio.wait_for` loses a cancellation that arrives as the
    awaited thing finishes, and redis-py calls it for every command. What works for ever would go on.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen, so that asyncio does not complain
