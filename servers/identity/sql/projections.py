"""What is computed from facts and kept to be searched: terms by their causes, segments by time."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete
from sqlalchemy.exc import IntegrityError

from domain.identity.announcing import Holding, holdings
from domain.identity.facts import TermPlaced
from domain.identity.layout import Layout
from domain.identity.terms import Term
from domain.identity.timeline import Timeline
from domain.shared.errors import Raced
from servers.identity.sql.page import Changes, Page
from servers.identity.sql.tables import segment, term
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.rows import insert_rows

_AMONG = Among(segment.c.member_id, segment.c.lane_id, segment.c.start_time, indexed=1)
_DELETE_SEGMENTS = delete(segment).where(_AMONG.condition)


def write_terms(connection: Connection, pages: Sequence[Page]) -> None:
    """Add the terms that are new. Raises Raced if another writer used the cause of one."""
    rows = [
        {
            "term_id": line.fact.term.term_id,
            "member_id": page.timeline.member_id,
            "sku_id": line.fact.term.sku_id,
            "sku_version": line.fact.term.sku_version,
            "source": line.fact.term.source,
            "channel": line.fact.term.channel.value,
            "cause_kind": line.fact.term.cause.kind.value,
            "cause_id": line.fact.term.cause.id,
            "placement": line.fact.term.placement.value,
            "recorded_time": line.recorded,
        }
        for page in pages
        for line in page.lines
        if isinstance(line.fact, TermPlaced)
    ]
    try:
        insert_rows(connection, term, rows)
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("TRANSACTION_RACED", "another writer used this cause") from error
        raise


SegmentRows = dict[tuple[str, int], dict[str, object]]
"""By lane and start."""


def segment_rows(member_id: str, timeline: Timeline, layout: Layout) -> SegmentRows:
    """The projection of one member."""
    rows: SegmentRows = {}
    held_by_term: dict[str, list[Holding]] = {}
    for held in holdings(layout):
        for term_id in held.term_ids:
            held_by_term.setdefault(term_id, []).append(held)
    for laid in layout.segments:
        held = next(held for held in held_by_term[laid.term_id] if held.holds(laid.start))
        rows[laid.lane_id, laid.start] = {
            "member_id": member_id,
            "lane_id": laid.lane_id,
            "start_time": laid.start,
            "end_time": laid.end,
            "held_from": held.start,
            "held_until": held.end,
            **_owner_columns(timeline.terms[laid.term_id]),
        }
    return rows


def _owner_columns(owner: Term) -> dict[str, object]:
    return {
        "term_id": owner.term_id,
        "sku_id": owner.sku_id,
        "spu_id": owner.spu_id,
        "cause_kind": owner.cause.kind.value,
        "cause_id": owner.cause.id,
        "source": owner.source,
        "channel": owner.channel.value,
    }


def write_segments(connection: Connection, changes: Changes) -> None:
    """Only what differs: a renewal of a long timeline touches its run alone."""
    gone, new = [], []
    for member_id, before, page in changes:
        old = segment_rows(member_id, before.timeline, before.layout) if before else {}
        now = segment_rows(member_id, page.timeline, page.layout)
        gone += [(member_id, *key) for key, row in old.items() if now.get(key) != row]
        new += [row for key, row in now.items() if old.get(key) != row]
    if gone:
        connection.execute(_DELETE_SEGMENTS, _AMONG.these(gone))
    insert_rows(connection, segment, new)
