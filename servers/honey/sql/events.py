"""The port `Events`: earning events as they were told, and refunds of orders, under an optimistic lock."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.exc import IntegrityError

from domain.honey.earning_events import Event, Item
from domain.honey.event_records import EventKey, EventRecord
from domain.shared.errors import Raced
from servers.honey.sql.tables import event
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows

_KEYS = Among(event.c.programme_id, event.c.event_id, indexed=2)
_SELECT = select(event).where(_KEYS.condition)
_AS_READ = Among(event.c.programme_id, event.c.event_id, event.c.version, indexed=2)
_DELETE = delete(event).where(_AS_READ.condition)


class SqlEvents:
    """The port `Events` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: Overlay[EventKey, EventRecord] = Overlay(self._load)

    def get(self, key: EventKey) -> EventRecord | None:
        return self.rows.get(key)

    def put(self, record: EventRecord) -> None:
        known = self.get(record.key)
        if record.version != (known.version if known else 0) + 1:
            raise Raced("TRANSACTION_RACED", "the event has moved on")
        self.rows.put(record.key, record)

    def flush(self) -> None:
        """Write what is new. Raises Raced if another writer was first."""
        changes = self.rows.changes()
        known = [(*key, before.version) for key, before, _ in changes if before]
        if known and self._connection.execute(_DELETE, _AS_READ.these(known)).rowcount != len(known):
            raise Raced("TRANSACTION_RACED", "another writer was first on an event")
        try:
            insert_rows(self._connection, event, [_row(after) for _, _, after in changes])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another writer recorded this event") from error
            raise

    def _load(self, keys: Iterable[EventKey]) -> Mapping[EventKey, EventRecord]:
        records = map(_record, self._connection.execute(_SELECT, _KEYS.these(keys)))
        return {record.key: record for record in records}


def _record(row: Row[Any]) -> EventRecord:
    return EventRecord(
        key=EventKey(row.programme_id, row.event_id),
        event=None if row.content is None else _event(row.event_id, orjson.loads(row.content)),
        revision=row.revision,
        refunded=orjson.loads(row.refunded),
        version=row.version,
    )


def _row(record: EventRecord) -> dict[str, object]:
    return {
        "programme_id": record.key.programme_id,
        "event_id": record.key.event_id,
        "content": None if record.event is None else _document(record.event),
        "revision": record.revision,
        "refunded": orjson.dumps(dict(record.refunded), option=orjson.OPT_SORT_KEYS),
        "version": record.version,
    }


def _document(told: Event) -> bytes:
    """Items as lists of their three fields, as many an order has many."""
    return orjson.dumps(
        {
            "member_id": told.member_id,
            "scene": told.scene,
            "occurred": told.occurred,
            "ordered": told.ordered,
            "channel": told.channel,
            "merchant_id": told.merchant_id,
            "currency": told.currency,
            "items": [[item.item_id, item.paid, item.spent] for item in told.items],
            "spend_id": told.spend_id,
        }
    )


def _event(event_id: str, told: dict[str, Any]) -> Event:
    items: Sequence[Sequence[Any]] = told.pop("items")
    return Event(event_id=event_id, items=tuple(Item(*item) for item in items), **told)
