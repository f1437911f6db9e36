"""What members' pages show of an activity: a second old at most, however many look.

A flash sale brings ten thousand people who look again and again; the database answers one of them.
"""

import asyncio
from collections import OrderedDict
from contextvars import Context
from dataclasses import dataclass

from domain.seckill.activity import Standing
from servers.seckill.ports import Activities

FRESH_SECONDS = 1.0
MOST = 4_096
"""Activities remembered, the one looked up longest ago dropped first."""


@dataclass(frozen=True, slots=True)
class _Look:
    task: "asyncio.Task[Standing]"
    until: float


class Glances:
    """Await it with an id: the activity and its stock. Raises NotFound (ACTIVITY_NOT_FOUND)."""

    def __init__(self, activities: Activities, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._activities = activities
        self._fresh_seconds = fresh_seconds
        self._looks: OrderedDict[str, _Look] = OrderedDict()

    async def __call__(self, activity_id: str) -> Standing:
        look = self._looks.get(activity_id)
        if look is None or asyncio.get_running_loop().time() >= look.until:
            look = self._begin(activity_id)
        # Whoever goes away ends the look for nobody else.
        return await asyncio.shield(look.task)

    def _begin(self, activity_id: str) -> _Look:
        loop = asyncio.get_running_loop()
        # In a context of its own: it is no part of the call that came first.
        task = loop.create_task(self._activities.standing(activity_id), context=Context())
        look = _Look(task, loop.time() + self._fresh_seconds)
        task.add_done_callback(lambda done: self._ended(activity_id, look, done))
        self._looks.pop(activity_id, None)
        self._looks[activity_id] = look
        while len(self._looks) > MOST:
            self._looks.popitem(last=False)
        return look

    def _ended(self, activity_id: str, look: _Look, done: "asyncio.Task[Standing]") -> None:
        """What failed is not remembered: it is looked up again."""
        failed = done.cancelled() or done.exception() is not None
        if failed and self._looks.get(activity_id) is look:
            del self._looks[activity_id]
