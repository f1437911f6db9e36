"""The port `RuleEarnings`: what rules gave for events, so that it can be undone, or is given seldom."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, Row, bindparam, select

from domain.honey.earning_caps import Counter, Scope, Taking
from domain.honey.event_records import EventKey, RuleEarning
from domain.honey.windows import Window
from domain.shared.instants import Instant
from servers.honey.sql.tables import rule_earning as table
from servers.store.keys import Among
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_BY_LOT = select(table).where(table.c.lot_id.in_(_ids))
_KEYS = Among(table.c.programme_id, table.c.event_id, indexed=2)
_BY_EVENT = select(table).where(_KEYS.condition).order_by(table.c.lot_id)
_INSTANTS = select(table.c.occurred_time).where(
    table.c.wallet_id == bindparam("wallet_id"),
    table.c.rule_id == bindparam("rule_id"),
    table.c.occurred_time.between(bindparam("first"), bindparam("last")),
)


class SqlRuleEarnings:
    """The port `RuleEarnings` over one connection. Each is written with its wallet, and never changes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: Overlay[str, RuleEarning] = Overlay(self._load)
        self._of_event: dict[EventKey, list[RuleEarning]] = {}

    def expect(self, keys: Iterable[EventKey]) -> None:
        """Read what these events earned, in one query."""
        fresh = {key: list[RuleEarning]() for key in keys if key not in self._of_event}
        if fresh:
            for found in map(_earning, self._connection.execute(_BY_EVENT, _KEYS.these(fresh))):
                fresh[found.key].append(found)
                self.rows.learn(found.lot_id, found)
        self._of_event |= fresh

    def of_event(self, key: EventKey) -> Sequence[RuleEarning]:
        self.expect([key])
        return [*self._of_event[key], *(each for each in self._unwritten() if each.key == key)]

    def of_lot(self, lot_id: str) -> RuleEarning | None:
        return self.rows.get(lot_id)

    def instants(self, wallet_id: str, rule_id: str, first: Instant, last: Instant) -> Sequence[Instant]:
        asked = {"wallet_id": wallet_id, "rule_id": rule_id, "first": first, "last": last}
        stored = list(self._connection.scalars(_INSTANTS, asked))
        fresh = [each for each in self._unwritten() if (each.wallet_id, each.rule_id) == (wallet_id, rule_id)]
        return stored + [each.occurred for each in fresh if first <= each.occurred <= last]

    def add(self, earning: RuleEarning) -> None:
        self.rows.put(earning.lot_id, earning)

    def flush(self) -> None:
        """Write what is new."""
        insert_rows(self._connection, table, [_row(after) for _, _, after in self.rows.changes()])

    def _unwritten(self) -> Iterable[RuleEarning]:
        return self.rows.unwritten().values()

    def _load(self, ids: Sequence[str]) -> Mapping[str, RuleEarning]:
        rows = self._connection.execute(_BY_LOT, {"ids": list(ids)})
        return {row.lot_id: _earning(row) for row in rows}


def _earning(row: Row[Any]) -> RuleEarning:
    return RuleEarning(
        lot_id=row.lot_id,
        key=EventKey(row.programme_id, row.event_id),
        wallet_id=row.wallet_id,
        rule_id=row.rule_id,
        revision=row.revision,
        factor=Fraction(row.numerator, row.denominator),
        room=row.room,
        takings=tuple(_taking(*taking) for taking in orjson.loads(row.takings)),
        occurred=row.occurred_time,
    )


def _taking(rule_id: str, scope: str, window: str, start: Instant, points: int, most: int) -> Taking:
    return Taking(Counter(rule_id, Scope(scope), Window(window), start), points, most)


def _row(each: RuleEarning) -> dict[str, object]:
    takings = [[*taking.counter, taking.points, taking.most] for taking in each.takings]
    return {
        "lot_id": each.lot_id,
        "programme_id": each.key.programme_id,
        "event_id": each.key.event_id,
        "wallet_id": each.wallet_id,
        "rule_id": each.rule_id,
        "revision": each.revision,
        "numerator": each.factor.numerator,
        "denominator": each.factor.denominator,
        "room": each.room,
        "takings": orjson.dumps(takings),
        "occurred_time": each.occurred,
    }
