"""Watching a stock: everybody who watches an activity in this process shares its look-ups."""

import asyncio
from collections.abc import AsyncIterator

from domain.seckill.activity import Standing
from servers.seckill.ports import Activities

LOOK_SECONDS = 0.1
"""Between two looks: nobody reads faster than ten times a second."""
HEARTBEAT_SECONDS = 5.0
"""After so long without a change the same is said again, so that silence means a broken line."""


class Watching:
    """Standings of activities as they change."""

    def __init__(self, activities: Activities) -> None:
        self._activities = activities
        self._looks: dict[str, asyncio.Task[Standing]] = {}

    async def of(self, activity_id: str) -> AsyncIterator[Standing]:
        """At once, whenever it has changed, and every five seconds. Raises NotFound (ACTIVITY_NOT_FOUND)."""
        loop = asyncio.get_running_loop()
        said, said_at = await self._activities.standing(activity_id), loop.time()
        yield said
        while True:
            seen = await self._look(activity_id)
            is_news = (seen.activity, seen.taken) != (said.activity, said.taken)
            if is_news or loop.time() - said_at >= HEARTBEAT_SECONDS:
                said, said_at = seen, loop.time()
                yield said

    async def _look(self, activity_id: str) -> Standing:
        """The next look of all who wait for it. One who goes away ends it for nobody else."""
        task = self._looks.get(activity_id)
        if task is None:
            task = asyncio.create_task(self._look_soon(activity_id))
            # If all who waited have gone, nobody else looks at how it ended.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._looks[activity_id] = task
        return await asyncio.shield(task)

    async def _look_soon(self, activity_id: str) -> Standing:
        try:
            await asyncio.sleep(LOOK_SECONDS)
        finally:
            # Who comes from here on would see what was read before he came: he starts the next look.
            del self._looks[activity_id]
        return await self._activities.standing(activity_id)
