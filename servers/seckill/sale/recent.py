"""Activities that this process has read lately: what is asked of them on the way to the gate."""

import time
from collections import OrderedDict
from collections.abc import Sequence

from domain.seckill import refusals
from domain.seckill.activity import Activity, ActivityState
from servers.mesh.batching import Coalescer
from servers.seckill.sql.lists import activities_of
from servers.store.store import Store

FRESH_SECONDS = 1.0
MOST = 4_096
MAX_BATCH = 64
MAX_WAITING = 16_384


class RecentActivities:
    """Await it with an id: the activity, at most a second old. Raises NotFound (ACTIVITY_NOT_FOUND).

    Drafts and ids without an activity are not remembered: either may be published at any moment. Of others,
    what a reservation needs before the commit does not change any more.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, tuple[float, Activity]] = OrderedDict()
        self._read: Coalescer[str, Activity] = Coalescer(
            self._activities, max_size=MAX_BATCH, max_waiting=MAX_WAITING
        )

    async def __call__(self, activity_id: str) -> Activity:
        kept = self._kept.get(activity_id)
        if kept and time.monotonic() - kept[0] < FRESH_SECONDS:
            return kept[1]
        return await self._read(activity_id)

    async def _activities(self, activity_ids: Sequence[str]) -> Sequence[Activity | Exception]:
        asked = time.monotonic()
        found = await self._store.read(activities_of, activity_ids)
        for activity in found.values():
            if activity.state is not ActivityState.DRAFT:
                self._kept[activity.activity_id] = (asked, activity)
                self._kept.move_to_end(activity.activity_id)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return [found.get(one) or refusals.activity_not_found(one) for one in activity_ids]
