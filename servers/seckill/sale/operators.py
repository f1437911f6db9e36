"""What operators do with activities: seldom, so each in a transaction of its own."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from sqlalchemy import Connection

from domain.seckill import operating, refusals
from domain.seckill.activity import Activity, ActivityState, Standing
from domain.seckill.comparison import Comparison
from domain.seckill.events import StockEvent
from domain.seckill.operating import Create, Operation, Publish
from domain.seckill.stock import left_of, told_of_stock
from domain.shared.instants import Instant
from servers.mesh.clock import Clock
from servers.mesh.pages import Place
from servers.seckill.sale.telling import Cause, stock_events
from servers.seckill.sql.activities import Read, add_activity, change_activity, read_activity
from servers.seckill.sql.lists import list_activities
from servers.seckill.sql.tables import common
from servers.store.asked import Asked
from servers.store.once import Once
from servers.store.outbox import Outbox
from servers.store.store import Store


class Gate(Protocol):
    """The gate, as operators meet it. It hears of a change in any case: a comparison finds what it missed."""

    async def load(self, activity_id: str) -> object: ...

    async def reshape(self, activity_id: str) -> object: ...

    async def compare(self, activity_id: str, *, repair: bool) -> Comparison: ...


_OUTBOX = Outbox(common.outbox)


class Operators:
    """The port `Activities`."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._once = Once(store, common.idempotency, clock)

    async def create(self, asked: Asked, command: Create, answer: Callable[[Activity], bytes]) -> bytes:
        def work(connection: Connection, now: Instant) -> bytes:
            read = read_activity(connection, command.activity_id, self._clock)
            activity = operating.create(command, read.standing if read else None, now)
            add_activity(connection, activity)
            return answer(activity)

        return await self._once(*asked, work)

    async def operate(
        self, asked: Asked, activity_id: str, command: Operation, answer: Callable[[Activity], bytes]
    ) -> bytes:
        def work(connection: Connection, _: Instant) -> bytes:
            # With the lock: the groups of a sale move the version on too fast to be raced.
            read = read_activity(connection, activity_id, self._clock, lock=True)
            if read is None:
                raise refusals.activity_not_found(activity_id)
            activity = operating.operate(command, read.standing, read.standing.read)
            if activity is not read.activity:
                told = _told(read, activity)
                change_activity(connection, read, activity, len(told))
                cause = Cause(asked.key.caller or "nobody", asked.key.request_id)
                _OUTBOX.append(connection, stock_events(told, read.moves, cause, read.standing.read))
            return answer(activity)

        response = await self._once(*asked, work)
        await (self._gate.load if isinstance(command, Publish) else self._gate.reshape)(activity_id)
        return response

    async def standing(self, activity_id: str) -> Standing:
        read = await self._store.read(read_activity, activity_id, self._clock)
        if read is None:
            raise refusals.activity_not_found(activity_id)
        return read.standing

    async def reconcile(self, activity_id: str, repair: bool) -> tuple[Standing, Comparison]:
        """The activity as it was just before its gate was compared. Raises Unavailable (GATE_UNAVAILABLE)."""
        standing = await self.standing(activity_id)
        return standing, await self._gate.compare(activity_id, repair=repair)

    async def activities(
        self, states: Collection[ActivityState], before: Place | None, limit: int
    ) -> Sequence[Activity]:
        return await self._store.read(list_activities, states, before, limit)


def _told(read: Read, activity: Activity) -> Sequence[StockEvent]:
    """Of a stock that was raised or lowered while somebody may look at it."""
    before, taken = read.activity, read.standing.taken
    if before.state is not ActivityState.PUBLISHED:
        return ()
    return told_of_stock(activity.activity_id, left_of(before, taken), left_of(activity, taken))
