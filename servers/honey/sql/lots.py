"""The port `Lots`: read as far as a command asks, and no further into a wallet's past."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select, tuple_

from domain.honey.lots import BurnKey, Lot, burn_key
from domain.shared.instants import EARLIEST, LATEST, Instant, Period, Unit
from servers.honey.sql.tables import lot
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows, update_rows

CHUNK = 64
"""Lots that are read at once in burn order: seldom does a command burn more."""

_BEFORE_ALL: BurnKey = (-1, -1, -1, -1)
_ALL: BurnKey = (2**62, 0, 0, 0)

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_COLUMN_OF = {"active_from": "active_time", "expires": "expire_time"}
_PLAIN = (lot.c[_COLUMN_OF.get(field.name, field.name)] for field in fields(Lot) if field.name != "sliding")
_LOT = select(*_PLAIN, lot.c.sliding_count, lot.c.sliding_unit)
"""What a lot is made of, in the order of its fields."""
_SELECT = _LOT.where(lot.c.lot_id.in_(_ids))
_OF_WALLET = _LOT.where(lot.c.wallet_id == bindparam("wallet_id"))
_KEY = (lot.c.priority, lot.c.burn_time, lot.c.active_time, lot.c.number)
_IN_BURN_ORDER = _OF_WALLET.where(lot.c.burnable == 1).order_by(*_KEY).limit(CHUNK)
_BEYOND = _IN_BURN_ORDER.where(tuple_(*_KEY) > tuple_(*(bindparam(f"key_{place}") for place in range(4))))
_DUE = _LOT.where(lot.c.wallet_id.in_(_ids), lot.c.due_time <= bindparam("now"))
_OWED = _OF_WALLET.where(lot.c.owed > 0)
# What has something left and expires has something due: the index on that leads to it.
_SLIDING = _OF_WALLET.where(lot.c.due_time.is_not(None), lot.c.sliding_unit.is_not(None))
_NEXT_DUE = (
    select(lot.c.wallet_id, func.min(lot.c.due_time))
    .where(lot.c.wallet_id.in_(_ids), lot.c.due_time > bindparam("after"))
    .group_by(lot.c.wallet_id)
)
_EXPIRING = _OF_WALLET.where(
    lot.c.active > 0, lot.c.due_time >= bindparam("first"), lot.c.due_time < bindparam("until")
)
_NEXT_EXPIRY = select(func.min(lot.c.expire_time)).where(
    lot.c.wallet_id == bindparam("wallet_id"),
    lot.c.expire_time >= bindparam("first"),
    lot.c.pending + lot.c.active > 0,
)


class SqlLots:
    """The port `Lots` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: Overlay[str, Lot] = Overlay(self._load)
        self._of_wallet: dict[str, dict[str, None]] = {}
        """The lots that are known, in no order that matters."""
        self._reach: dict[str, BurnKey] = {}
        """How far the burn order of a wallet was read."""
        self._read_owed: set[str] = set()
        self._read_sliding: set[str] = set()
        self._expected: set[str] = set()
        self._due_by: dict[str, Instant] = {}
        """By when what is due in a wallet was read."""
        self._next_due: dict[tuple[str, Instant], Instant | None] = {}

    def expect(self, wallet_ids: Iterable[str]) -> None:
        """Something may be due in these wallets: when it is read of one, it is read of all, in one query."""
        self._expected.update(wallet_ids)

    def get(self, lot_id: str) -> Lot | None:
        found = self.rows.get(lot_id)
        if found:
            self._note(found)
        return found

    def burnable(self, wallet_id: str) -> Iterator[Lot]:
        last = _BEFORE_ALL
        while True:
            reach = self._reach.get(wallet_id, _BEFORE_ALL)
            for known in sorted(self._known(wallet_id), key=burn_key):
                if known.active and last < burn_key(known) <= reach:
                    last = burn_key(known)
                    yield known
            if reach == _ALL:
                return
            self._read_on(wallet_id, reach)

    def due(self, wallet_id: str, now: Instant) -> Sequence[Lot]:
        if self._due_by.get(wallet_id, EARLIEST - 1) < now:
            together, self._expected = {wallet_id, *self._expected}, set()
            self._learn(self._connection.execute(_DUE, {"ids": sorted(together), "now": now}).all())
            self._due_by |= dict.fromkeys(together, now)
        return [known for known in self._known(wallet_id) if known.due is not None and known.due <= now]

    def owed(self, wallet_id: str) -> Sequence[Lot]:
        if wallet_id not in self._read_owed:
            self._learn(self._connection.execute(_OWED, {"wallet_id": wallet_id}).all())
            self._read_owed.add(wallet_id)
        return [known for known in self._known(wallet_id) if known.owed]

    def sliding(self, wallet_id: str) -> Sequence[Lot]:
        if wallet_id not in self._read_sliding:
            self._learn(self._connection.execute(_SLIDING, {"wallet_id": wallet_id}).all())
            self._read_sliding.add(wallet_id)
        return [known for known in self._known(wallet_id) if known.slides]

    def next_due(self, wallet_id: str, after: Instant) -> Instant | None:
        if (wallet_id, after) not in self._next_due:
            together = {wallet_id} | {each for each, now in self._due_by.items() if now == after}
            rows = self._connection.execute(_NEXT_DUE, {"ids": sorted(together), "after": after}).all()
            self._next_due |= {(each, after): None for each in together} | {
                (each, after): due for each, due in rows
            }
        stored = self._next_due[wallet_id, after]
        known = [known.due for known in self._known(wallet_id)]
        return min((due for due in [stored, *known] if due is not None and due > after), default=None)

    def expiring(self, wallet_id: str, first: Instant, until: Instant) -> Mapping[Instant, int]:
        asked = {"wallet_id": wallet_id, "first": first, "until": until}
        self._learn(self._connection.execute(_EXPIRING, asked).all())
        found = Counter[Instant]()
        for each in self._known(wallet_id):
            if each.active and each.expires is not None and first <= each.expires < until:
                found[each.expires] += each.active
        return found

    def next_expiry(self, wallet_id: str, first: Instant) -> Instant | None:
        stored = self._connection.scalar(_NEXT_EXPIRY, {"wallet_id": wallet_id, "first": first})
        known = [each.expires for each in self._known(wallet_id) if each.pending or each.active]
        return min((each for each in [stored, *known] if each is not None and each >= first), default=None)

    def put(self, lot: Lot) -> None:
        self._note(lot)
        self.rows.put(lot.lot_id, lot)

    def flush(self) -> None:
        """Their wallets' versions, written before, say that nobody else changed them."""
        insert_rows(self._connection, lot, [_row(each) for each in self.rows.fresh()])
        update_rows(self._connection, lot, [_row(each) for each in self.rows.changed()])

    def _known(self, wallet_id: str) -> list[Lot]:
        known = (self.rows.known(lot_id) for lot_id in self._of_wallet.get(wallet_id, ()))
        return [each for each in known if each]

    def _note(self, lot: Lot) -> None:
        self._of_wallet.setdefault(lot.wallet_id, {})[lot.lot_id] = None

    def _read_on(self, wallet_id: str, reach: BurnKey) -> None:
        asked: dict[str, object] = {"wallet_id": wallet_id}
        if reach == _BEFORE_ALL:
            rows = self._connection.execute(_IN_BURN_ORDER, asked).all()
        else:
            asked |= {f"key_{place}": part for place, part in enumerate(reach)}
            rows = self._connection.execute(_BEYOND, asked).all()
        self._learn(rows)
        self._reach[wallet_id] = burn_key(_lot(rows[-1])) if len(rows) == CHUNK else _ALL

    def _learn(self, rows: Sequence[Sequence[Any]]) -> None:
        for found in map(_lot, rows):
            self.rows.learn(found.lot_id, found)
            self._note(found)

    def _load(self, ids: Sequence[str]) -> Mapping[str, Lot]:
        rows = self._connection.execute(_SELECT, {"ids": list(ids)})
        return {found.lot_id: found for found in map(_lot, rows)}


def lots_of(
    connection: Connection, wallet_id: str, after: int, limit: int, *, with_points: bool
) -> list[Lot]:
    """The lots of a wallet behind a number, at most so many; if asked, only those with something left."""
    query = _LOT.where(lot.c.wallet_id == wallet_id, lot.c.number > after)
    if with_points:
        query = query.where(lot.c.pending + lot.c.active + lot.c.held > 0)
    return [_lot(row) for row in connection.execute(query.order_by(lot.c.number).limit(limit))]


def _lot(row: Sequence[Any]) -> Lot:
    *plain, count, unit = row
    sliding = Period(count, Unit(unit)) if unit else None
    return Lot(*(*plain, sliding))


def _row(each: Lot) -> dict[str, object]:
    return {
        "lot_id": each.lot_id,
        "wallet_id": each.wallet_id,
        "number": each.number,
        "earned": each.earned,
        "active_time": each.active_from,
        "expire_time": each.expires,
        "funding": each.funding,
        "priority": each.priority,
        "cause": each.cause,
        "pending": each.pending,
        "active": each.active,
        "held": each.held,
        "owed": each.owed,
        "expired": each.expired,
        "reversed": each.reversed,
        "waived": each.waived,
        "due_time": each.due,
        "burnable": int(each.active > 0),
        "burn_time": LATEST + 1 if each.expires is None else each.expires,
        "sliding_count": each.sliding.count if each.sliding else None,
        "sliding_unit": each.sliding.unit.value if each.sliding else None,
    }
