"""Queries that page through what is stored, and that read the catalogue's history."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, select

from domain.identity.catalog import Sku
from domain.identity.facts import Recorded
from domain.shared.instants import Instant
from servers.identity.codec import decode
from servers.identity.sql.facts import LINE, line_of
from servers.identity.sql.tables import event, sku_version, timeline

SETTLED_US = 2_000_000
"""An event's id is given out before its transaction commits: after this long none appears before it."""


class StoredEvent(NamedTuple):
    """A fact with its place in the order of all members."""

    id: int
    member_id: str
    line: Recorded


class StoredRevision(NamedTuple):
    """A version of a SKU."""

    version: int
    sku: Sku
    catalog_revision: int
    effective: Instant
    retired: bool


_EVENTS = select(event.c.id, event.c.member_id, *LINE)


def events_of_member(
    connection: Connection, member_id: str, kinds: Sequence[str], after: int, limit: int
) -> list[StoredEvent]:
    """A member's events behind a sequence number."""
    query = _EVENTS.where(event.c.member_id == member_id, event.c.seq > after)
    return _events(connection, query.order_by(event.c.seq).limit(limit), kinds)


def events_of_all(
    connection: Connection, kinds: Sequence[str], after: int, limit: int, machine_time: Instant
) -> list[StoredEvent]:
    """All members' settled events behind an id."""
    query = _EVENTS.where(event.c.id > after, _settled(machine_time)).order_by(event.c.id).limit(limit)
    return _events(connection, query, kinds)


def latest_events(
    connection: Connection, member_id: str, kinds: Sequence[str], limit: int, machine_time: Instant
) -> list[StoredEvent]:
    """The last events of a member, or with no member the last settled ones of all, in order."""
    if member_id:
        query = _EVENTS.where(event.c.member_id == member_id).order_by(event.c.seq.desc())
    else:
        query = _EVENTS.where(_settled(machine_time)).order_by(event.c.id.desc())
    return _events(connection, query.limit(limit), kinds)[::-1]


def _settled(machine_time: Instant) -> ColumnElement[bool]:
    return event.c.stored_time <= machine_time - SETTLED_US


def _events(connection: Connection, query: Select[Any], kinds: Sequence[str]) -> list[StoredEvent]:
    if kinds:
        query = query.where(event.c.type.in_(kinds))
    return [
        StoredEvent(number, member_id, line_of(*stored))
        for number, member_id, *stored in connection.execute(query)
    ]


def sku_revisions(
    connection: Connection, sku_id: str, before: int | None, limit: int
) -> list[StoredRevision]:
    """The versions of a SKU, newest first."""
    query = select(
        sku_version.c.version,
        sku_version.c.content,
        sku_version.c.catalog_revision,
        sku_version.c.effective_time,
        sku_version.c.retired,
    ).where(sku_version.c.sku_id == sku_id)
    if before is not None:
        query = query.where(sku_version.c.version < before)
    rows = connection.execute(query.order_by(sku_version.c.version.desc()).limit(limit))
    return [
        StoredRevision(version, decode(Sku, content), revision, effective, bool(retired))
        for version, content, revision, effective, retired in rows
    ]


def due_members(connection: Connection, now: Instant, limit: int) -> list[str]:
    """Members with a start or end that is due, the longest due first."""
    query = (
        select(timeline.c.member_id)
        .where(timeline.c.next_moment <= now)
        .order_by(timeline.c.next_moment)
        .limit(limit)
    )
    return list(connection.scalars(query))
