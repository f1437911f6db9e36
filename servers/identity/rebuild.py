"""Drops the projection of every timeline and builds it again from the facts.

The result is compared with what was there: they are the same, byte for byte, or something has written on
the projection that is not in the facts.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, delete, select, update

from domain.identity.announcing import next_moment
from domain.identity.laying import flatten
from domain.identity.timeline import Timeline, fold
from servers.identity.sql.facts import read_history
from servers.identity.sql.projections import segment_rows
from servers.identity.sql.tables import segment, timeline
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from servers.store.rows import insert_rows

BATCH = 200
"""Members rebuilt in one transaction; writers on them wait for its end."""

Progress = Callable[[int], None]
"""Told how many members were done since it was told last."""


@dataclass(frozen=True)
class Report:
    """What a rebuild did, and how many members' projections were not what their facts say."""

    members: int
    segments: int
    differed: int
    digest: str
    """SHA-256 over all rows, in order: two rebuilds of the same facts have the same."""


def rebuild(url: str, progress: Progress) -> Report:
    """Rebuild all members of one database, a batch a transaction."""
    engine = blocking_engine(StoreConfig(url))
    members = segments = differed = 0
    digest = hashlib.sha256()
    last = ""
    try:
        while True:
            with engine.begin() as connection:
                batch = _locked(connection, last)
                rows, wrong = _rebuild(connection, batch)
            if not batch:
                break
            members, segments, differed = members + len(batch), segments + len(rows), differed + wrong
            digest.update(orjson.dumps(rows, option=orjson.OPT_SORT_KEYS))
            last = batch[-1]
            progress(len(batch))
    finally:
        engine.dispose()
    return Report(members, segments, differed, digest.hexdigest())


def _locked(connection: Connection, after: str) -> list[str]:
    """The next members, whose writers wait (SQLite has one writer at a time anyway)."""
    query = select(timeline.c.member_id).where(timeline.c.member_id > after)
    return list(connection.scalars(query.order_by(timeline.c.member_id).limit(BATCH).with_for_update()))


def _rebuild(connection: Connection, members: Sequence[str]) -> tuple[list[dict[str, object]], int]:
    """New rows of some members, in order, and how many members had others."""
    if not members:
        return [], 0
    before = _rows(connection, members)
    connection.execute(delete(segment).where(segment.c.member_id.in_(members)))
    new: list[dict[str, object]] = []
    for member_id, history in sorted(read_history(connection, members).items()):
        folded = fold(Timeline(member_id), history)
        layout = flatten(folded)
        laid = segment_rows(member_id, folded, layout)
        new += [laid[key] for key in sorted(laid)]
        moment = {"next_moment": next_moment(layout, folded.announced)}
        connection.execute(update(timeline).where(timeline.c.member_id == member_id).values(moment))
    insert_rows(connection, segment, new)
    after = _rows(connection, members)
    differed = sum(before.get(member_id, []) != after.get(member_id, []) for member_id in members)
    return new, differed


def _rows(connection: Connection, members: Sequence[str]) -> dict[str, list[tuple[object, ...]]]:
    query = select(segment).where(segment.c.member_id.in_(members))
    found: dict[str, list[tuple[object, ...]]] = {}
    ordered = query.order_by(segment.c.member_id, segment.c.lane_id, segment.c.start_time)
    for row in connection.execute(ordered):
        found.setdefault(row.member_id, []).append(tuple(row))
    return found
