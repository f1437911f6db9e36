"""Which events have had their effect here: what makes at-least-once delivery an effect exactly once."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.store.event import Event
from servers.store.faults import is_duplicate


class Inbox:
    """What one consumer group of a service has taken."""

    def __init__(self, table: Table, group: str) -> None:
        self._table = table
        self._group = group

    def take(self, connection: Connection, events: Sequence[Event], now: Instant) -> list[Event]:
        """Those not taken before, in their order; from here on they count as taken.

        Their effect belongs into the same transaction. Raises Raced if another process takes one of them
        at this moment: look again.
        """
        columns = self._table.c
        by_id = {event.event_id: event for event in events}
        taken = select(columns.event_id).where(
            columns.consumer_group == self._group, columns.event_id.in_(list(by_id))
        )
        for event_id in connection.scalars(taken):
            del by_id[event_id]
        if by_id:
            self._insert(connection, list(by_id), now)
        return list(by_id.values())

    def purge(self, connection: Connection, before: Instant, limit: int) -> int:
        """Forget at most `limit` events taken before this moment, by any group; how many."""
        columns = self._table.c
        old = (
            select(columns.consumer_group, columns.event_id)
            .where(columns.recorded_time < before)
            .limit(limit)
        )
        keys = connection.execute(old).all()
        for group, event_id in keys:
            one = (columns.consumer_group == group, columns.event_id == event_id)
            connection.execute(delete(self._table).where(*one))
        return len(keys)

    def _insert(self, connection: Connection, event_ids: Sequence[str], now: Instant) -> None:
        rows = [
            {"consumer_group": self._group, "event_id": event_id, "recorded_time": now}
            for event_id in event_ids
        ]
        try:
            connection.execute(insert(self._table), rows)
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another process takes the same events") from error
            raise
