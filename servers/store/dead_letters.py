"""Events that a consumer could not take, kept whole until somebody mends the cause."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, insert, select, update

from domain.shared.instants import Instant
from servers.store.event import NAMES, Event
from servers.store.tables import ERROR_LENGTH


class DeadLetter(NamedTuple):
    """A row: the event and why it lies here."""

    id: int
    error: str
    attempts: int
    dead_time: Instant
    event: Event


class DeadLetters:
    """What one consumer group of a service has given up."""

    def __init__(self, table: Table, group: str) -> None:
        self._table = table
        self._group = group
        self._event = [table.c[name] for name in NAMES]

    def bury(self, connection: Connection, event: Event, error: str, attempts: int, now: Instant) -> None:
        """Keep the event, or, if it lies here, its newest error; `error` is cut to `ERROR_LENGTH`."""
        fate = {
            "error": error[:ERROR_LENGTH],
            "attempts": attempts,
            "dead_time": now,
            "redriven_time": None,
        }
        again = update(self._table).where(*self._is(event.event_id)).values(fate)
        if connection.execute(again).rowcount == 0:
            row = event.to_row() | fate | {"consumer_group": self._group}
            connection.execute(insert(self._table), row)

    def waiting(self, connection: Connection, after_id: int, limit: int) -> list[DeadLetter]:
        """At most `limit` that were not redriven, oldest first, past row `after_id` (0 begins)."""
        columns = self._table.c
        query = (
            select(columns.id, columns.error, columns.attempts, columns.dead_time, *self._event)
            .where(
                columns.consumer_group == self._group,
                columns.redriven_time.is_(None),
                columns.id > after_id,
            )
            .order_by(columns.id)
            .limit(limit)
        )
        return [
            DeadLetter(row_id, error, attempts, dead_time, Event(*event))
            for row_id, error, attempts, dead_time, *event in connection.execute(query)
        ]

    def mark_redriven(self, connection: Connection, event_id: str, now: Instant) -> None:
        connection.execute(update(self._table).where(*self._is(event_id)).values(redriven_time=now))

    def _is(self, event_id: str) -> tuple[ColumnElement[bool], ...]:
        columns = self._table.c
        return (columns.consumer_group == self._group, columns.event_id == event_id)
