"""Attention to card types: counted in memory, written once a second, weighed once a day (S10)."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

import orjson
from sqlalchemy import Connection, func, insert, select, update

from domain.identity.display import Attention, Weights, reweigh
from domain.shared.instants import DAY, Instant
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.identity.display import Display, read_weights
from servers.identity.sql.tables import attention, weights
from servers.mesh.call import current_caller
from servers.mesh.clock import Clock
from servers.store.store import Store

FLUSH_SECONDS = 1.0
WINDOW_DAYS = 28
"""Days of attention that the weights reflect."""
REMEMBERED = 100_000
"""Request ids of samples that are known not to count twice in this process."""

Key = tuple[str, int]
"""SPU and day."""


class AttentionCounter:
    """Takes samples. One may be lost with its server; none is counted twice by it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._counts: dict[Key, Attention] = {}
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def record(self, request: pb.RecordAttentionRequest) -> None:
        name = (current_caller().name, request.request_id)
        if name in self._seen:
            return
        self._seen[name] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        day = self._clock.now() // DAY
        for sample in request.attentions:
            known = self._counts.get((sample.spu_id, day), Attention(0, 0))
            self._counts[sample.spu_id, day] = Attention(known.uses + sample.uses, known.views + sample.views)

    async def run(self) -> None:
        """The job that writes what was counted."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                await self.flush()
        finally:
            await asyncio.shield(self.flush())

    async def flush(self) -> None:
        """Write the counts; those that could not be written are kept for the next time."""
        counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            await self._store.transact(_add, counts)
        except Exception:
            for key, lost in counts.items():
                since = self._counts.get(key, Attention(0, 0))
                self._counts[key] = Attention(since.uses + lost.uses, since.views + lost.views)
            raise


def _add(connection: Connection, counts: Mapping[Key, Attention]) -> None:
    for (spu_id, day), count in sorted(counts.items()):
        row = (attention.c.spu_id == spu_id) & (attention.c.day == day)
        more = {
            "uses": attention.c.uses + count.uses,
            "views": attention.c.views + count.views,
        }
        if not connection.execute(update(attention).where(row).values(more)).rowcount:
            connection.execute(
                insert(attention), [{"spu_id": spu_id, "day": day, "uses": count.uses, "views": count.views}]
            )


async def weigh(store: Store, display: Display, now: Instant) -> bool:
    """Compute the weights anew, at most once a day of the business clock; whether they moved."""
    moved: bool = await store.transact(_weigh, now)
    if moved:
        display.forget()
    return moved


def _weigh(connection: Connection, now: Instant) -> bool:
    last = connection.scalar(select(func.max(weights.c.computed_time)))
    if last is not None and last // DAY >= now // DAY:
        return False
    since = now // DAY - WINDOW_DAYS
    query = (
        select(attention.c.spu_id, func.sum(attention.c.uses), func.sum(attention.c.views))
        .where(attention.c.day > since)
        .group_by(attention.c.spu_id)
    )
    seen = {row[0]: Attention(int(row[1]), int(row[2])) for row in connection.execute(query)}
    current = read_weights(connection)
    moved = reweigh(current, seen)
    if moved is not current:
        connection.execute(insert(weights), [_row(moved, now)])
    return moved is not current


def _row(moved: Weights, now: Instant) -> dict[str, object]:
    content = orjson.dumps(dict(moved.by_spu), option=orjson.OPT_SORT_KEYS).decode()
    return {"version": moved.version, "computed_time": now, "content": content}
