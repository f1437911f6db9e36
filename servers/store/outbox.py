"""Events written with the change they tell of, so that one is never there without the other.

The relay reads what has no `published_time`. It must not remember how far it came: ids are given out
before they are committed, so a lower one may appear after a higher one was read.

Events of one subject do appear in the order of their ids, if their writers take turns on the subject
(a version check, a row lock) before they append.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from domain.shared.instants import Instant
from servers.store.event import NAMES, Event
from servers.store.rows import insert_rows


class Entry(NamedTuple):
    """A row of the outbox."""

    id: int
    event: Event


class Outbox:
    """One service's events on their way out."""

    def __init__(self, table: Table) -> None:
        self._table = table
        columns = table.c
        ids = columns.id.in_(bindparam("ids", expanding=True))
        self._unpublished = (
            select(columns.id, *(columns[name] for name in NAMES))
            .where(columns.published_time.is_(None))
            .order_by(columns.id)
            .limit(bindparam("most"))
        )
        self._published_after = (
            select(columns.id).where(columns.published_time > bindparam("after")).limit(bindparam("most"))
        )
        self._published_before = (
            select(columns.id).where(columns.published_time < bindparam("before")).limit(bindparam("most"))
        )
        self._mark = (
            update(table).where(ids).values(published_time=bindparam("moment"), attempts=columns.attempts + 1)
        )
        self._requeue = update(table).where(ids).values(published_time=None)
        self._delete = delete(table).where(ids)

    def append(self, connection: Connection, events: Sequence[Event]) -> None:
        """Add the events, in this order, in one statement."""
        insert_rows(connection, self._table, [event.to_row() | {"attempts": 0} for event in events])

    def unpublished(self, connection: Connection, limit: int) -> list[Entry]:
        """The first that wait to be published."""
        rows = connection.execute(self._unpublished, {"most": limit})
        return [Entry(row[0], Event(*row[1:])) for row in rows]

    def mark_published(self, connection: Connection, ids: Sequence[int], moment: Instant) -> None:
        connection.execute(self._mark, {"ids": ids, "moment": moment})

    def requeue(self, connection: Connection, after: Instant, limit: int) -> int:
        """Have at most `limit` events that were published after this moment published again; how many."""
        ids = connection.scalars(self._published_after, {"after": after, "most": limit}).all()
        if ids:
            connection.execute(self._requeue, {"ids": ids})
        return len(ids)

    def purge(self, connection: Connection, before: Instant, limit: int) -> int:
        """Forget at most `limit` events that were published before this moment; how many."""
        ids = connection.scalars(self._published_before, {"before": before, "most": limit}).all()
        if ids:
            connection.execute(self._delete, {"ids": ids})
        return len(ids)

    def backlog(self, connection: Connection) -> tuple[int, Instant | None]:
        """How many events wait to be published, and when the oldest of them was recorded."""
        columns = self._table.c
        waiting = select(func.count(), func.min(columns.recorded_time)).where(
            columns.published_time.is_(None)
        )
        count, oldest = connection.execute(waiting).one()
        return count, oldest
