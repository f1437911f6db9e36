"""Attention to card types: counted in memory, written once a second, weighed once a day (S10)."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

import orjson
from sqlalchemy import Connection, func, insert, select, update

from domain.identity.catalog import Catalog
from domain.identity.display import Attention, Weights, reweigh
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import DAY, Instant
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.identity.display import Display, read_weights
from servers.identity.sql.tables import attention, weights
from servers.mesh.call import current_caller
from servers.mesh.clock import Clock
from servers.store.idempotency import Key, body_hash, reused
from servers.store.store import Store

FLUSH_SECONDS = 1.0
WINDOW_DAYS = 28
"""Days of attention that the weights reflect."""
REMEMBERED = 100_000
"""Request ids of samples that are known not to count twice in this process."""

SpuDay = tuple[str, int]
"""A card type, and days since 1970."""


class AttentionCounter:
    """Takes samples. One may be lost with its server; none is counted twice by it."""

    def __init__(self, store: Store, display: Display, clock: Clock) -> None:
        self._store = store
        self._display = display
        self._clock = clock
        self._counts: dict[SpuDay, Attention] = {}
        self._seen: OrderedDict[Key, bytes] = OrderedDict()

    async def record(self, request: pb.RecordAttentionRequest) -> None:
        """Raises Invalid (a card type that the catalogue does not have, a request id used before)."""
        now = self._clock.now()
        _require_known(request, (await self._display.shown(now)).catalog)
        if self._is_new(request):
            for sample in request.attentions:
                key = (sample.spu_id, now // DAY)
                known = self._counts.get(key, Attention(0, 0))
                self._counts[key] = Attention(known.uses + sample.uses, known.views + sample.views)

    def _is_new(self, request: pb.RecordAttentionRequest) -> bool:
        key = Key(current_caller().name, request.request_id)
        samples = pb.RecordAttentionRequest(attentions=request.attentions)
        body = body_hash("RecordAttention", samples.SerializeToString(deterministic=True))
        known = self._seen.setdefault(key, body)
        if known != body:
            raise reused(key)
        is_new = known is body
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return is_new

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


def _require_known(request: pb.RecordAttentionRequest, catalog: Catalog) -> None:
    unknown = [
        FieldViolation(f"attentions[{number}].spu_id", "SPU_UNKNOWN", f"there is no SPU {sample.spu_id}")
        for number, sample in enumerate(request.attentions)
        if sample.spu_id not in catalog.spus
    ]
    if unknown:
        raise Invalid(unknown)


def _add(connection: Connection, counts: Mapping[SpuDay, Attention]) -> None:
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
