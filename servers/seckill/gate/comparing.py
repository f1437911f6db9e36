"""Compares a gate with the orders, and mends it record by record, also in the middle of a sale.

Orders are read after the records were seen, a page at a time. Arithmetic mends nothing: if the records are
right and what is left is not, the gate is thrown away and loaded anew.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import structlog

from domain.seckill.comparison import LACKING, PATIENCE, Comparison, Difference, Found, difference
from domain.seckill.gate import Answer, Key, OrderFact, Verdict
from domain.shared.instants import Instant
from servers.seckill.gate.loading import PAGE as ORDERS
from servers.seckill.gate.loading import Loader
from servers.seckill.gate.looking import look
from servers.seckill.gate.source import Source
from servers.seckill.gate.store import PATIENT_SECONDS, Call, GateStore
from servers.seckill.gate.things import (
    BATCH,
    MOST_THINGS,
    NOBODY,
    PAGE,
    answers_of,
    dropping,
    looking,
    record_of,
    settling,
)

_log = structlog.get_logger("nectary.seckill")

RECORDS = 200
"""About so many a page."""
WALKS = 3
"""Until all is well, when units move meanwhile."""
_OPEN_ONES, _HELD_ONES = b"1", b"2"

Records = Mapping[Key, Answer]


class Comparer:
    """Compares gates. Raises one of STORE_ERRORS, Away, or what the source raises."""

    def __init__(self, store: GateStore, source: Source, loader: Loader) -> None:
        self._store = store
        self._source = source
        self._loader = loader
        self.comparisons: Counter[str] = Counter()
        """By what they found: `differences` or `nothing`."""
        self.differences: Counter[str] = Counter()
        """By kind."""
        self.swept_claims = 0

    async def compare(self, activity_id: str, *, repair: bool) -> Comparison:
        """How the gate stands, and what differed; mended, if it is to be."""
        first = found = await self._walk(activity_id, repair=repair)
        self.comparisons["differences" if first.differences else "nothing"] += 1
        self.differences.update(first.differences)
        for _ in range(WALKS if repair else 0):
            if not found.differences:
                break
            await self._mend_whole(activity_id, found)
            found = await self._walk(activity_id, repair=True)
        found.is_repaired = repair and not found.differences
        found.differences, found.listed = first.differences, first.listed
        return found

    async def sweep(self, activity_id: str) -> int:
        """Ends the open records that nobody will use any more; how many there were."""
        mended = 0
        async for real, records in self._pages(activity_id, _OPEN_ONES):
            old = {key: record for key, record in records.items() if real - record.stamp > PATIENCE}
            mended += len(await self._mended(activity_id, old, real, repair=True))
        self.swept_claims += mended
        return mended

    async def _mend_whole(self, activity_id: str, found: Comparison) -> None:
        """Mends what is no matter of single records."""
        if Difference.GATE_MISSING in found.differences:
            await self._loader.load(activity_id)
        elif set(found.differences) == {Difference.UNBALANCED}:
            _log.error("seckill_gate_unbalanced", activity_id=activity_id, left=found.left)
            await self._loader.reload(activity_id)
        elif Difference.SETTINGS in found.differences:
            await self._loader.reshape(activity_id)

    async def _walk(self, activity_id: str, *, repair: bool) -> Comparison:
        before = await look(self._store, activity_id)
        shape = await self._source.shape(activity_id)
        found = Comparison(before.is_open, before.stock, before.left)
        if shape is None:
            return found
        if not before.is_open:
            found.note(Found(Difference.GATE_MISSING))
            return found
        if before.revision != shape.revision:
            found.note(Found(Difference.SETTINGS))
        seen: set[Key] = set()
        for which, units in ((_OPEN_ONES, found.open_units), (_HELD_ONES, found.held_units)):
            async for real, records in self._pages(activity_id, which):
                # The server may tell one twice while its table grows.
                new = {key: record for key, record in records.items() if key not in seen}
                seen.update(new)
                _add(units, new.values())
                _note(found, await self._mended(activity_id, new, real, repair=repair))
        await self._walk_orders(activity_id, found, repair=repair)
        after = await look(self._store, activity_id)
        found.is_still = before.moves == after.moves
        if found.is_still and not found.is_balanced:
            found.note(Found(Difference.UNBALANCED))
        return found

    async def _walk_orders(self, activity_id: str, found: Comparison, *, repair: bool) -> None:
        after: Key | None = None
        while orders := await self._source.page(activity_id, after, ORDERS):
            after = _key(orders[-1])
            holding = [order for order in orders if order.units]
            _add(found.order_units, holding)
            keys = [_key(order) for order in holding]
            records = dict(
                zip(keys, await self._do(activity_id, [looking(*key) for key in keys]), strict=True)
            )
            lacking = {key: one for key, one in records.items() if one.verdict is Verdict.ABSENT}
            _note(found, await self._mended(activity_id, lacking, 0, repair=repair))

    async def _mended(
        self, activity_id: str, records: Records, real: Instant, *, repair: bool
    ) -> Sequence[Found]:
        """What differs between records and the orders as they are now."""
        orders = await self._source.live(activity_id, list(records)) if records else {}
        things, differences = [], []
        for key, record in records.items():
            order = orders.get(key)
            differs = difference(record, order, real)
            if differs is None:
                continue
            units = record.units if order is None else order.units
            differences.append(Found(differs, *key, units))
            if order is not None and differs in LACKING:
                things.append(settling(order))
            else:
                things.append(dropping(*key, record.stamp))
        if repair:
            await self._do(activity_id, things)
        return differences

    async def _do(self, activity_id: str, things: Sequence[bytes]) -> list[Answer]:
        parts = [things[at : at + MOST_THINGS] for at in range(0, len(things), MOST_THINGS)]
        calls = [Call(activity_id, BATCH, [NOBODY, *part]) for part in parts]
        answers: list[Answer] = []
        for part, reply in zip(parts, await self._store.run(calls, PATIENT_SECONDS), strict=True):
            if isinstance(reply, Exception):
                raise reply
            answers += answers_of(reply, len(part))
        return answers

    async def _pages(self, activity_id: str, which: bytes) -> AsyncIterator[tuple[Instant, Records]]:
        """The server's time and some records, until there are no more, or no gate."""
        cursor = b"0"
        while True:
            call = Call(activity_id, PAGE, [which, cursor, b"%d" % RECORDS])
            reply = await self._store.run_one(call)
            if len(reply) == 1:
                return
            _, real, cursor, flat = reply
            yield (
                real,
                {_named(name): record_of(value) for name, value in zip(flat[::2], flat[1::2], strict=True)},
            )
            if cursor == b"0":
                return


def _named(name: bytes) -> Key:
    member_id, _, request_id = name.decode().partition("/")
    return member_id, request_id


def _key(order: OrderFact) -> Key:
    return order.member_id, order.request_id


def _note(found: Comparison, differences: Iterable[Found]) -> None:
    for one in differences:
        found.note(one)


def _add(units: dict[int, int], held: Iterable[Answer | OrderFact]) -> None:
    for one in held:
        units[one.tranche] = units.get(one.tranche, 0) + one.units
