"""Flattening: from a timeline's facts to intervals.

Each lane is laid out by itself (`laying.py`). Refunds, pauses and upgrades are not steps but properties
of the terms that they touch, so the result does not depend on the order in which refunds were recorded
(ID-5), and is the same whether facts came one by one or all at once (ID-2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from domain.identity.facts import Span
from domain.identity.lengths import Rest
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A placed interval of a term, half-open."""

    start: Instant
    end: Instant
    term_id: str
    lane_id: str
    sku_id: str
    frozen: bool = False
    """A rest that an upgrade froze: what is acquired before it begins comes before it."""

    def holds(self, at: Instant) -> bool:
        return self.start <= at < self.end

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


@dataclass
class Lane:
    """Terms that follow each other, laid out."""

    lane_id: str
    spu_id: str
    order: tuple[int, ...]
    """Of its first term: lanes sort by age."""
    segments: list[Segment] = field(default_factory=list)
    waiting: dict[str, Rest | None] = field(default_factory=dict)
    """Terms without an interval because they, or one before them, are paused; None: whole."""
    undone: dict[str, Instant] = field(default_factory=dict)
    """Upgrades whose supersession a refund undid, and from when."""
    collides: bool = False
    """Pinned terms overlap; such a timeline is never committed."""

    def tail(self, now: Instant) -> Instant | None:
        """The latest end of what is not frozen, or is frozen and has begun."""
        ends = (item.end for item in self.segments if not item.frozen or item.start <= now)
        return max(ends, default=None)


@dataclass(frozen=True)
class Layout:
    """A timeline laid out in time."""

    lanes: Mapping[str, Lane]
    """By lane id, oldest first."""

    @cached_property
    def segments(self) -> Sequence[Segment]:
        return sorted(segment for lane in self.lanes.values() for segment in lane.segments)

    @cached_property
    def by_term(self) -> Mapping[str, tuple[Segment, ...]]:
        found: dict[str, tuple[Segment, ...]] = {}
        for segment in self.segments:
            found[segment.term_id] = (*found.get(segment.term_id, ()), segment)
        return found

    @cached_property
    def by_sku(self) -> Mapping[str, Sequence[Segment]]:
        found: dict[str, list[Segment]] = {}
        for segment in self.segments:
            found.setdefault(segment.sku_id, []).append(segment)
        return found

    def of(self, term_id: str) -> tuple[Segment, ...]:
        return self.by_term.get(term_id, ())

    def spans(self, term_id: str) -> tuple[Span, ...]:
        return tuple(segment.span for segment in self.of(term_id))

    def at(self, instant: Instant) -> Sequence[Segment]:
        return [segment for segment in self.segments if segment.holds(instant)]

    @property
    def collides(self) -> bool:
        return any(lane.collides for lane in self.lanes.values())
