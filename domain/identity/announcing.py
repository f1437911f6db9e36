"""Starts and ends of identities: each is announced exactly once, also when nothing was written then.

An identity of a lane is a chain of segments of one SKU without a gap: a renewal announces nothing. A
timeline remembers what it announced as holding; announcing up to `now` first corrects what later
facts changed about the past, then tells what fell due since.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.identity.facts import IdentityEnded, IdentityStarted
from domain.identity.layout import Layout
from domain.identity.timeline import Timeline
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True, order=True)
class Holding:
    """A SKU that a lane gives without a gap."""

    start: Instant
    end: Instant
    lane_id: str
    sku_id: str
    term_ids: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return (self.lane_id, self.sku_id)

    def holds(self, at: Instant) -> bool:
        return self.start <= at < self.end


Announcement = tuple[Instant, IdentityStarted | IdentityEnded]
"""The instant at which it took effect, and what."""


def holdings(layout: Layout) -> list[Holding]:
    """The identities of a layout, by start."""
    found: list[Holding] = []
    for lane in layout.lanes.values():
        open_one: Holding | None = None
        for segment in lane.segments:
            if open_one and open_one.sku_id == segment.sku_id and open_one.end == segment.start:
                terms = (*open_one.term_ids, segment.term_id)
                open_one = Holding(open_one.start, segment.end, lane.lane_id, segment.sku_id, terms)
                found[-1] = open_one
            else:
                terms = (segment.term_id,)
                open_one = Holding(segment.start, segment.end, lane.lane_id, segment.sku_id, terms)
                found.append(open_one)
    return sorted(found)


def announcements(timeline: Timeline, layout: Layout, now: Instant) -> list[Announcement]:
    """What is to be announced at `now`, in the order in which it took effect."""
    held = holdings(layout)
    return [*_corrections(timeline, held), *sorted(_due(timeline, held, now), key=_turn)]


def next_moment(layout: Layout, now: Instant) -> Instant | None:
    """The next instant after `now` at which an identity starts or ends."""
    moments = (moment for held in holdings(layout) for moment in (held.start, held.end))
    return min((moment for moment in moments if moment > now), default=None)


def _corrections(timeline: Timeline, held: list[Holding]) -> Iterator[Announcement]:
    """What was announced up to the watermark, made to agree with what is now known of that time."""
    mark = timeline.announced
    now_held = {holding.key: holding for holding in held if holding.holds(mark)}
    for lane_id, sku_id in sorted(timeline.holding):
        if (lane_id, sku_id) not in now_held:
            ends = [item.end for item in held if item.key == (lane_id, sku_id) and item.end <= mark]
            gone = mark if timeline.survivor else timeline.holding[lane_id, sku_id]
            yield max(ends, default=gone), IdentityEnded(lane_id, sku_id)
    for key in sorted(now_held):
        if key not in timeline.holding:
            yield now_held[key].start, IdentityStarted(*key)


def _due(timeline: Timeline, held: list[Holding], now: Instant) -> Iterator[Announcement]:
    for holding in held:
        if timeline.announced < holding.start <= now:
            yield holding.start, IdentityStarted(*holding.key)
        if timeline.announced < holding.end <= now:
            yield holding.end, IdentityEnded(*holding.key)


def _turn(announcement: Announcement) -> tuple[Instant, bool, str, str]:
    """At one instant ends come before starts."""
    moment, what = announcement
    return (moment, isinstance(what, IdentityStarted), what.lane_id, what.sku_id)
