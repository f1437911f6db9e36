"""The port `Counters`: what of each cap is used.

A member's own counters change with the version of the member's wallet, which only one writer can take. What
everybody shares is counted in place, so that events of different members do not lose races to each other, as
long as there is room for both.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from domain.honey.earning_caps import Counter, Scope
from domain.honey.event_records import CounterKey
from domain.honey.windows import Window
from domain.shared.errors import Raced
from servers.honey.sql.tables import counter as table
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows

_COLUMNS = (
    table.c.programme_id,
    table.c.member_id,
    table.c.rule_id,
    table.c.scope,
    table.c.window,
    table.c.start_time,
)
_KEYS = Among(*_COLUMNS, indexed=3)
_SELECT = select(table).where(_KEYS.condition)
_AS_READ = Among(*_COLUMNS, table.c.used, indexed=3)
_DELETE = delete(table).where(_AS_READ.condition)
_ADD = (
    update(table)
    .where(
        *(column == bindparam(f"of_{column.name}") for column in _COLUMNS),
        table.c.used + bindparam("points") >= 0,
        # Others may have used some of it meanwhile: then there must be room for both.
        table.c.used <= bindparam("most_before"),
    )
    .values(used=table.c.used + bindparam("points"))
)
_UNBOUNDED = 2**62


class SqlCounters:
    """The port `Counters` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: Overlay[CounterKey, int] = Overlay(self._load)
        self._spare: dict[CounterKey, int] = {}
        """By how much more than was read a counter may stand, so that all that was added still fits."""

    def get(self, key: CounterKey) -> int:
        return self.rows.get(key) or 0

    def add(self, key: CounterKey, points: int, most: int | None = None) -> None:
        used = self.get(key) + points
        if most is not None:
            if used > most:
                raise Raced("TRANSACTION_RACED", "another event was first")
            self._spare[key] = min(self._spare.get(key, _UNBOUNDED), most - used)
        self.rows.put(key, used)

    def flush(self) -> None:
        """Write what was added. Raises Raced if there is no room for it any more."""
        in_order = sorted(self.rows.changes(), key=lambda change: change[0])
        changes = [(key, before, after) for key, before, after in in_order if before != after]
        known = [(key, before, after) for key, before, after in changes if before is not None]
        own = [(*_flat(key), before) for key, before, _ in known if key.member_id]
        # Out with the old rows and in with the new: one statement each for any number of counters.
        if own and self._connection.execute(_DELETE, _AS_READ.these(own)).rowcount != len(own):
            raise Raced("TRANSACTION_RACED", "another writer was first on a counter")
        for key, before, after in known:
            if not key.member_id:
                self._add(key, before, after)
        new = [_row(key, after) for key, before, after in changes if before is None or key.member_id]
        try:
            insert_rows(self._connection, table, new)
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another writer began this counter") from error
            raise

    def _add(self, key: CounterKey, before: int, after: int) -> None:
        spare = self._spare.get(key, _UNBOUNDED - before)
        values = {f"of_{column.name}": value for column, value in zip(_COLUMNS, _flat(key), strict=True)}
        added = {"points": after - before, "most_before": before + spare}
        if self._connection.execute(_ADD, values | added).rowcount != 1:
            raise Raced("TRANSACTION_RACED", "there is no room for all that counts")

    def _load(self, keys: Iterable[CounterKey]) -> Mapping[CounterKey, int]:
        rows = self._connection.execute(_SELECT, _KEYS.these(map(_flat, keys)))
        return {_key(row): row.used for row in rows}


def _flat(key: CounterKey) -> tuple[str | int, ...]:
    return key.programme_id, key.member_id, *key.counter


def _key(row: Row[Any]) -> CounterKey:
    counter = Counter(row.rule_id, Scope(row.scope), Window(row.window), row.start_time)
    return CounterKey(row.programme_id, row.member_id, counter)


def _row(key: CounterKey, used: int) -> dict[str, object]:
    names = (column.name for column in _COLUMNS)
    return {**dict(zip(names, _flat(key), strict=True)), "used": used}
