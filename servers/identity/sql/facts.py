"""Facts as rows: read in sequence, written once and for ever, each with its event for other services."""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Connection, bindparam, select

from domain.identity.facts import Recorded
from domain.shared.instants import Instant
from servers.identity.codec import decode_fact, encode_fact
from servers.identity.sql.page import Changes
from servers.identity.sql.tables import common, event
from servers.identity.telling import payload_of
from servers.store.event import Event
from servers.store.outbox import Outbox
from servers.store.rows import insert_rows

LINE = (
    event.c.type,
    event.c.effective_time,
    event.c.recorded_time,
    event.c.seq,
    event.c.actor,
    event.c.request_id,
    event.c.reason,
    event.c.payload,
)
"""The columns that `line_of` takes, in its order."""
_SELECT_FACTS = (
    select(event.c.member_id, *LINE)
    .where(event.c.member_id.in_(bindparam("members", expanding=True)))
    .order_by(event.c.member_id, event.c.seq)
)
_OUTBOX = Outbox(common.outbox)


def read_history(connection: Connection, members: Sequence[str]) -> dict[str, list[Recorded]]:
    """Every fact of some members, in sequence."""
    found: dict[str, list[Recorded]] = {}
    if members:
        for member_id, *stored in connection.execute(_SELECT_FACTS, {"members": list(members)}):
            found.setdefault(member_id, []).append(line_of(*stored))
    return found


def line_of(kind: str, *about_and_payload: Any) -> Recorded:
    """A stored fact, from its columns `LINE`."""
    *about, payload = about_and_payload
    return Recorded(decode_fact(kind, payload), *about)


def write_facts(connection: Connection, changes: Changes, stored: Instant) -> None:
    """Append the lines of every page. `stored` is the machine's own time."""
    rows, events = [], []
    for member_id, _, page in changes:
        for line in page.lines:
            kind, payload = type(line.fact).__name__, encode_fact(line.fact)
            rows.append(
                {
                    "member_id": member_id,
                    "seq": line.sequence,
                    "type": kind,
                    "effective_time": line.effective,
                    "recorded_time": line.recorded,
                    "stored_time": stored,
                    "actor": line.actor,
                    "request_id": line.request_id,
                    "reason": line.reason,
                    "payload": payload,
                }
            )
            told = payload_of(line.fact, payload, page.timeline)
            events.append(event_of(member_id, line, kind, told))
    insert_rows(connection, event, rows)
    _OUTBOX.append(connection, events)


def event_of(member_id: str, line: Recorded, kind: str, payload: bytes) -> Event:
    """A fact as other services hear of it. Its id follows from its place, so that it never changes."""
    return Event(
        event_id=event_id(member_id, line.sequence),
        type=kind,
        version=1,
        subject=member_id,
        seq=line.sequence,
        effective_time=line.effective,
        recorded_time=line.recorded,
        causation_id=line.request_id,
        correlation_id=line.request_id,
        actor=line.actor,
        payload=payload,
    )


def event_id(member_id: str, sequence: int) -> str:
    return str(uuid5(NAMESPACE_OID, f"nectary/identity/{member_id}/{sequence}"))
