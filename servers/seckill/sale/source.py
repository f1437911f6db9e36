"""What the gate is told of orders and activities: the database's word, read when it is asked for."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from domain.seckill.gate import Key, OrderFact, Shape, shape_of
from servers.mesh.clock import Clock
from servers.seckill.sql.activities import read_activity
from servers.seckill.sql.lists import facts_after, facts_of
from servers.store.store import Store


class DatabaseSource:
    """The gate's port `Source`. Raises Unavailable if the database does not answer."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def shape(self, activity_id: str) -> Shape | None:
        def read(connection: Connection) -> Shape | None:
            found = read_activity(connection, activity_id, self._clock)
            return shape_of(found.activity) if found else None

        return await self._store.read(read)

    async def live(self, activity_id: str, keys: Sequence[Key]) -> Mapping[Key, OrderFact]:
        facts = await self._store.read(facts_of, activity_id, keys)
        return {(fact.member_id, fact.request_id): fact for fact in facts if fact.units}

    async def page(self, activity_id: str, after: Key | None, limit: int) -> Sequence[OrderFact]:
        return await self._store.read(facts_after, activity_id, after, limit)
