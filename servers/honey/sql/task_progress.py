"""The port `TaskProgress`: how far members are with tasks, under an optimistic lock, and what is told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.exc import IntegrityError

from domain.honey.tasks import Progress, ProgressKey, TaskEvent
from domain.shared.doing import Doing
from domain.shared.errors import Raced
from servers.honey.sql.tables import common
from servers.honey.sql.tables import task_progress as table
from servers.honey.sql.task_events import outbox_event
from servers.store.event import Event
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.outbox import Outbox
from servers.store.overlay import Log, Overlay
from servers.store.rows import insert_rows

_COLUMNS = (table.c.programme_id, table.c.member_id, table.c.task_id, table.c.version, table.c.start_time)
_KEYS = Among(*_COLUMNS, indexed=2)
_SELECT = select(table).where(_KEYS.condition)
_AS_READ = Among(*_COLUMNS, table.c.told, indexed=2)
_DELETE = delete(table).where(_AS_READ.condition)
_OUTBOX = Outbox(common.outbox)


class SqlTaskProgress:
    """The port `TaskProgress` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: Overlay[ProgressKey, Progress] = Overlay(self._load)
        self.events: Log[Event] = Log()

    def get(self, key: ProgressKey) -> Progress | None:
        return self.rows.get(key)

    def put(self, progress: Progress, events: Sequence[TaskEvent], doing: Doing) -> None:
        self.rows.put(progress.key, progress)
        first = progress.told - len(events) + 1
        self.events.add(*(outbox_event(each, seq, doing) for seq, each in enumerate(events, start=first)))

    def flush(self) -> None:
        """Write what is new, and tell of it. Raises Raced if another writer was first."""
        changes = self.rows.changes()
        known = [(*_flat(key), before.told) for key, before, _ in changes if before]
        if known and self._connection.execute(_DELETE, _AS_READ.these(known)).rowcount != len(known):
            raise Raced("TRANSACTION_RACED", "another writer was first on a task")
        try:
            insert_rows(self._connection, table, [_row(after) for _, _, after in changes])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another writer began this task") from error
            raise
        _OUTBOX.append(self._connection, self.events.kept)

    def _load(self, keys: Iterable[ProgressKey]) -> Mapping[ProgressKey, Progress]:
        rows = self._connection.execute(_SELECT, _KEYS.these(map(_flat, keys)))
        return {found.key: found for found in map(progress_of_row, rows)}


def progress_of_row(row: Row[Any]) -> Progress:
    key = ProgressKey(row.programme_id, row.task_id, row.version, row.member_id, row.start_time)
    return Progress(key, row.value, tuple(orjson.loads(row.counted)), row.completed_time, row.told)


def _flat(key: ProgressKey) -> tuple[str | int, ...]:
    """In the order of the primary key."""
    return key.programme_id, key.member_id, key.task_id, key.version, key.period


def _row(each: Progress) -> dict[str, object]:
    names = (column.name for column in _COLUMNS)
    return {
        **dict(zip(names, _flat(each.key), strict=True)),
        "value": each.value,
        "counted": orjson.dumps(each.counted),
        "completed_time": each.completed,
        "told": each.told,
    }
