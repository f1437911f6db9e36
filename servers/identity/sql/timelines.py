"""Timelines: facts read and folded, facts appended, projections renewed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import BindParameter, Connection, bindparam, delete, select, tuple_
from sqlalchemy.exc import IntegrityError

from domain.identity.announcing import Holding, holdings, next_moment
from domain.identity.facts import Recorded, TermPlaced
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.terms import Term
from domain.identity.timeline import Timeline, fold
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.identity.codec import decode_fact, encode_fact
from servers.identity.sql.cache import TimelineCache
from servers.identity.sql.overlay import Overlay
from servers.identity.sql.tables import common, event, segment, term, timeline
from servers.mesh.clock import Clock
from servers.store.event import Event
from servers.store.faults import is_duplicate
from servers.store.outbox import Outbox
from servers.store.rows import insert_rows

_members: BindParameter[str] = bindparam("members", expanding=True)
_SELECT_VERSIONS = select(timeline.c.member_id, timeline.c.version).where(timeline.c.member_id.in_(_members))
_SELECT_FACTS = (
    select(
        event.c.member_id,
        event.c.type,
        event.c.effective_time,
        event.c.recorded_time,
        event.c.seq,
        event.c.actor,
        event.c.request_id,
        event.c.reason,
        event.c.payload,
    )
    .where(event.c.member_id.in_(_members))
    .order_by(event.c.member_id, event.c.seq)
)
_DELETE_VERSIONS = delete(timeline).where(
    tuple_(timeline.c.member_id, timeline.c.version).in_(bindparam("versions", expanding=True))
)
_DELETE_SEGMENTS = delete(segment).where(
    tuple_(segment.c.member_id, segment.c.lane_id, segment.c.start_time).in_(
        bindparam("keys", expanding=True)
    )
)
_OUTBOX = Outbox(common.outbox)


@dataclass(frozen=True)
class Page:
    """A member's timeline, and the lines that this transaction adds to it."""

    timeline: Timeline
    layout: Layout
    lines: tuple[Recorded, ...] = ()


class SqlTimelines:
    """The port `Timelines` over one connection."""

    def __init__(self, connection: Connection, cache: TimelineCache, system_clock: Clock) -> None:
        self._connection = connection
        self._system_clock = system_clock
        self._cache = cache
        self.pages: Overlay[str, Page] = Overlay(self._load)

    def get(self, member_id: str) -> Timeline:
        page = self.pages.get(member_id)
        return page.timeline if page else Timeline(member_id)

    def layout(self, timeline: Timeline) -> Layout:
        page = self.pages.get(timeline.member_id)
        return page.layout if page and page.timeline is timeline else flatten(timeline)

    def history(self, member_id: str) -> Sequence[Recorded]:
        stored = read_history(self._connection, [member_id]).get(member_id, [])
        page = self.pages.get(member_id)
        return [*stored, *(page.lines if page else ())]

    def append(self, before: Timeline, news: Sequence[Recorded], after: Timeline, layout: Layout) -> None:
        page = self.pages.get(before.member_id)
        if (page.timeline.sequence if page else 0) != before.sequence:
            raise Raced("TRANSACTION_RACED", "the timeline has moved on")
        if news:
            lines = (*(page.lines if page else ()), *news)
            self.pages.put(before.member_id, Page(after, layout, lines))

    def confirm(self) -> None:
        """Raises Raced if a timeline that was read has moved on."""
        if self.pages.asked:
            rows = self._connection.execute(_SELECT_VERSIONS, {"members": self.pages.asked})
            read = {member_id: page.timeline.sequence for member_id, page in self.pages.found.items()}
            if {row.member_id: row.version for row in rows} != read:
                raise Raced("TRANSACTION_RACED", "another writer moved a timeline on")

    def lock(self) -> None:
        """Write the versions: the first write of all, so that a lost race costs nothing."""
        if changes := self.pages.changes():
            _write_versions(self._connection, changes)

    def flush(self) -> None:
        """Write every kept page: facts last, so that nothing waits between their ids and the commit."""
        if changes := self.pages.changes():
            _write_terms(self._connection, [page for _, _, page in changes])
            _write_segments(self._connection, changes)
            _write_lines(self._connection, changes, self._system_clock.now())

    def remember(self) -> Sequence[str]:
        """After the commit: later transactions of this process need not read these facts again."""
        changes = self.pages.changes()
        for _, _, page in changes:
            self._cache.put(page.timeline, page.layout)
        return [member_id for member_id, _, _ in changes]

    def _load(self, members: Sequence[str]) -> Mapping[str, Page]:
        rows = self._connection.execute(_SELECT_VERSIONS, {"members": list(members)})
        versions: dict[str, int] = {row.member_id: row.version for row in rows}
        pages, unknown = {}, []
        for member_id, version in versions.items():
            cached = self._cache.get(member_id, version)
            if cached:
                pages[member_id] = Page(*cached)
            else:
                unknown.append(member_id)
        for member_id, history in read_history(self._connection, unknown).items():
            folded = fold(Timeline(member_id), history)
            pages[member_id] = Page(folded, flatten(folded))
        return pages


def read_history(connection: Connection, members: Sequence[str]) -> dict[str, list[Recorded]]:
    """Every fact of some members, in sequence."""
    found: dict[str, list[Recorded]] = {}
    if members:
        for member_id, kind, *about, payload in connection.execute(_SELECT_FACTS, {"members": list(members)}):
            line = Recorded(decode_fact(kind, payload), *about)
            found.setdefault(member_id, []).append(line)
    return found


Changes = Sequence[tuple[str, Page | None, Page]]


def _write_versions(connection: Connection, changes: Changes) -> None:
    """The optimistic lock: a member whose version is not the one read loses the whole transaction."""
    known = [(before.timeline.member_id, before.timeline.sequence) for _, before, _ in changes if before]
    # Out with the old rows and in with the new: one statement each for any number of members.
    if known and connection.execute(_DELETE_VERSIONS, {"versions": known}).rowcount != len(known):
        raise Raced("TRANSACTION_RACED", "another writer was first on a timeline")
    try:
        insert_rows(connection, timeline, [_version_row(page) for _, _, page in changes])
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("TRANSACTION_RACED", "another writer opened this timeline") from error
        raise


def _version_row(page: Page) -> dict[str, object]:
    return {
        "member_id": page.timeline.member_id,
        "version": page.timeline.sequence,
        "next_moment": next_moment(page.layout, page.timeline.announced),
    }


def _write_lines(connection: Connection, changes: Changes, stored: Instant) -> None:
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
            events.append(event_of(member_id, line, kind, payload))
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


def _write_terms(connection: Connection, pages: Sequence[Page]) -> None:
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


def _write_segments(connection: Connection, changes: Changes) -> None:
    """Only what differs: a renewal of a long timeline touches its run alone."""
    gone, new = [], []
    for member_id, before, page in changes:
        old = segment_rows(member_id, before.timeline, before.layout) if before else {}
        now = segment_rows(member_id, page.timeline, page.layout)
        gone += [(member_id, *key) for key, row in old.items() if now.get(key) != row]
        new += [row for key, row in now.items() if old.get(key) != row]
    if gone:
        connection.execute(_DELETE_SEGMENTS, {"keys": gone})
    insert_rows(connection, segment, new)
