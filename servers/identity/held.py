"""What members hold: the hot read. Concurrent look-ups share one query, and recent answers are kept.

A kept answer is at most a second old, and a write in this process drops it at once. It holds the future
too, so that a card which ends meanwhile is not shown as held.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import BindParameter, Connection, and_, bindparam, select

from domain.identity.facts import MemberGone
from domain.shared.instants import Instant
from servers.identity.codec import decode
from servers.identity.sql.tables import event, segment, timeline
from servers.mesh.batching import Coalescer, for_two
from servers.mesh.clock import Clock
from servers.store.store import Store

FRESH_SECONDS = 1.0
MOST = 50_000
"""Members kept, the oldest answer dropped first: about 1 kB each."""
MAX_BATCH = 64
MAX_WAITING = 8_192
PAUSE_SECONDS = 0.002
"""What a crowd waits for each other: a third less CPU a look-up, with 64 under way."""

_members: BindParameter[str] = bindparam("members", expanding=True)
_HELD = (
    select(
        timeline.c.member_id,
        segment.c.lane_id,
        segment.c.start_time,
        segment.c.end_time,
        segment.c.held_from,
        segment.c.held_until,
        segment.c.term_id,
        segment.c.sku_id,
        segment.c.spu_id,
        segment.c.cause_kind,
        segment.c.cause_id,
        segment.c.source,
        segment.c.channel,
        timeline.c.version,
    )
    .outerjoin(
        segment, and_(segment.c.member_id == timeline.c.member_id, segment.c.held_until > bindparam("since"))
    )
    .where(timeline.c.member_id.in_(_members))
)
"""One statement, so that version and segments are of one moment. A member who holds nothing has one row."""
_MERGES = select(event.c.member_id, event.c.payload).where(
    event.c.member_id.in_(_members), event.c.type == MemberGone.__name__
)


class HeldSegment(NamedTuple):
    """One row of the projection."""

    member_id: str
    lane_id: str
    start: Instant
    end: Instant
    held_from: Instant
    held_until: Instant
    term_id: str
    sku_id: str
    spu_id: str
    cause_kind: str
    cause_id: str
    source: str
    channel: str


@dataclass(frozen=True, slots=True)
class Held:
    """What one member holds from `since` on, as of one version of the timeline."""

    version: int
    since: Instant
    segments: Sequence[HeldSegment]
    read: float
    """On the monotonic clock."""
    survivor: str | None = None
    """Into whom the member was merged; looked up only for those who hold nothing."""


NOTHING: Sequence[HeldSegment] = ()


class HeldReader:
    """Looks members up. Await it with their ids, and from when on each is asked about."""

    def __init__(self, store: Store, clock: Clock, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._kept: OrderedDict[str, Held] = OrderedDict()
        # One batch at a time: while it runs the next one gathers, and a larger batch costs each caller less.
        self._coalescer: Coalescer[Mapping[str, Instant], Mapping[str, Held]] = Coalescer(
            self._read_batch,
            max_size=MAX_BATCH,
            max_waiting=MAX_WAITING,
            in_flight=1,
            pause=for_two(PAUSE_SECONDS),
        )

    async def __call__(self, wanted: Mapping[str, Instant], min_version: int = 0) -> Mapping[str, Held]:
        """What each member holds from the instant wanted of it on, or from earlier."""
        oldest = time.monotonic() - self._fresh_seconds
        found: dict[str, Held] = {}
        missing: dict[str, Instant] = {}
        for member_id, since in wanted.items():
            kept = self._kept.get(member_id)
            if kept and kept.read >= oldest and kept.since <= since and kept.version >= min_version:
                found[member_id] = kept
            else:
                missing[member_id] = since
        if missing:
            found.update(await self._coalescer(missing))
        return found

    def forget(self, members: Sequence[str]) -> None:
        """These members were written on in this process."""
        for member_id in members:
            self._kept.pop(member_id, None)

    async def _read_batch(self, asked: Sequence[Mapping[str, Instant]]) -> Sequence[Mapping[str, Held]]:
        members = list(dict.fromkeys(member_id for wanted in asked for member_id in wanted))
        # The earliest for all, so that it is one statement: a member has few segments, old ones included.
        since = min(since for wanted in asked for since in wanted.values())
        begun = time.monotonic()
        found = await self._store.read(_read, members, since, begun)
        for member_id, held in found.items():
            self._kept[member_id] = held
            self._kept.move_to_end(member_id)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return [{member_id: found[member_id] for member_id in wanted} for wanted in asked]


def _read(connection: Connection, members: list[str], since: Instant, begun: float) -> dict[str, Held]:
    versions: dict[str, int] = {}
    by_member: dict[str, list[HeldSegment]] = {}
    for member_id, lane_id, *rest, version in connection.execute(_HELD, {"members": members, "since": since}):
        versions[member_id] = version
        if lane_id is not None:
            by_member.setdefault(member_id, []).append(HeldSegment(member_id, lane_id, *rest))
    survivors = _survivors(connection, [member_id for member_id in versions if member_id not in by_member])
    return {
        member_id: Held(
            version=versions.get(member_id, 0),
            since=since,
            segments=by_member.get(member_id, NOTHING),
            read=begun,
            survivor=survivors.get(member_id),
        )
        for member_id in members
    }


def _survivors(connection: Connection, members: list[str]) -> dict[str, str]:
    rows = connection.execute(_MERGES, {"members": members}) if members else ()
    merges = ((row[0], decode(MemberGone, row[1])) for row in rows)
    return {member_id: gone.survivor_member_id for member_id, gone in merges}
