"""Flattening: from a timeline's facts to intervals.

Each lane is laid out by itself. Its terms are taken in their order; an AUTO term starts at the end of
all that come before it in order, though not before its floor; a pinned term (an operator's start, or
an upgrade's moment) starts where it is pinned, and AUTO terms flow behind the pins that they do not
fit before. Refunds, pauses and upgrades are not steps but properties of the terms they touch, so the
result does not depend on the order in which refunds were recorded (ID-5).

A term that is cut leaves a rest. The rest of a paused term waits, then resumes; the rest of a term
whose upgrade was refunded comes back from that moment; the rest of a frozen term is laid last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush

from domain.identity.cutting import Follow, Outcome, Refunded, Touch, cut_piece, touches_of
from domain.identity.facts import Span, Term
from domain.identity.lengths import Rest, Run, end_of_term
from domain.identity.timeline import Timeline
from domain.shared.instants import EARLIEST, Instant


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A placed interval of a term, half-open."""

    start: Instant
    end: Instant
    term_id: str
    lane_id: str
    sku_id: str

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
    frozen: set[str] = field(default_factory=set)
    undone: dict[str, Instant] = field(default_factory=dict)
    """Upgrades whose supersession a refund undid, and from when."""
    collides: bool = False
    """Pinned terms overlap; such a timeline is never committed."""

    @property
    def tail(self) -> Instant | None:
        """The end of the last segment that is not frozen."""
        return max((s.end for s in self.segments if s.term_id not in self.frozen), default=None)


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


def flatten(timeline: Timeline) -> Layout:
    """Lay out every lane of a timeline."""
    by_lane: dict[str, list[Term]] = {}
    for term in timeline.terms.values():
        by_lane.setdefault(term.lane_id, []).append(term)
    lanes = [_lay(timeline, terms) for terms in by_lane.values()]
    return Layout({lane.lane_id: lane for lane in sorted(lanes, key=lambda lane: lane.order)})


def _lay(timeline: Timeline, terms: Sequence[Term]) -> Lane:
    """Lay one lane, again as long as refunds turn out to undo upgrades of terms laid before them."""
    undone: dict[str, Instant] = {}
    while True:
        lane = _Laying(timeline, terms, undone).lay()
        if lane.undone == undone:
            return lane
        undone = lane.undone


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A term, or its rest, that is still to be placed."""

    term: Term
    floor: Instant
    touches: tuple[Touch, ...]
    pinned: Instant | None = None
    rest: Rest | None = None
    frozen: bool = False

    @property
    def refunded_in_full(self) -> Instant | None:
        full = (touch.at for touch in self.touches if isinstance(touch, Refunded) and not touch.leaves)
        return next(full, None)


@dataclass(frozen=True, slots=True)
class _Laid:
    """Where a piece came to lie: its end, and the end that later terms wait for."""

    end: Instant
    held_end: Instant


class _Laying:
    """One pass over one lane."""

    def __init__(self, timeline: Timeline, terms: Sequence[Term], undone: Mapping[str, Instant]) -> None:
        first = min(terms, key=lambda term: term.order)
        self.lane = Lane(first.lane_id, first.spu_id, first.order)
        self._undone = undone
        pieces = [_Piece(term, term.floor, touches_of(timeline, term), term.pinned) for term in terms]
        self._queue = [(piece.term.order, piece) for piece in pieces]
        heapify(self._queue)
        pinned = [(piece.pinned, piece) for piece in pieces if piece.pinned is not None]
        self._pins = sorted(pinned, key=lambda pin: pin[0])
        self._laid_pins: dict[str, _Laid] = {}
        self._pinned_spans: list[Span] = []
        self._frozen: list[tuple[tuple[int, ...], _Piece]] = []
        self._runs: dict[Instant, Run] = {}
        self._tail: Instant = EARLIEST
        self._held_tail: Instant = EARLIEST
        self._blocked = False

    def lay(self) -> Lane:
        while self._queue or self._frozen:
            _, piece = heappop(self._queue or self._frozen)
            self._place(piece)
        self.lane.segments.sort()
        return self.lane

    def _place(self, piece: _Piece) -> None:
        if piece.pinned is not None:
            laid = self._place_pinned(piece, piece.pinned)
        elif self._blocked:
            self._wait(piece)
            return
        else:
            laid = self._place_auto(piece)
        self._tail = max(self._tail, laid.end)
        self._held_tail = max(self._held_tail, laid.held_end)

    def _place_pinned(self, piece: _Piece, start: Instant) -> _Laid:
        term_id = piece.term.term_id
        if term_id not in self._laid_pins:
            end, run = self._end(piece, start)
            outcome = cut_piece(piece.term, piece.rest, start, end, piece.touches, self._undone)
            if outcome.end > start:
                self._note_collisions(Span(start, outcome.end))
            self._laid_pins[term_id] = self._settle(piece, start, run, outcome)
        return self._laid_pins[term_id]

    def _place_auto(self, piece: _Piece) -> _Laid:
        start = max(self._tail if piece.frozen else self._held_tail, piece.floor)
        while True:
            end, run = self._end(piece, start)
            outcome = cut_piece(piece.term, piece.rest, start, end, piece.touches, self._undone)
            behind = self._pin_in_the_way(Span(start, outcome.end))
            if behind is None:
                return self._settle(piece, start, run, outcome)
            start = behind

    def _pin_in_the_way(self, span: Span) -> Instant | None:
        """The end of a pinned segment that a span would overlap; None if it fits."""
        for start, piece in self._pins:
            if start < span.end:
                self._place_pinned(piece, start)
        overlapped = (pin.end for pin in self._pinned_spans if pin.start < span.end and span.start < pin.end)
        return min(overlapped, default=None)

    def _note_collisions(self, span: Span) -> None:
        if any(pin.start < span.end and span.start < pin.end for pin in self._pinned_spans):
            self.lane.collides = True
        self._pinned_spans.append(span)

    def _end(self, piece: _Piece, start: Instant) -> tuple[Instant, Run | None]:
        if piece.rest is not None:
            return piece.rest.end_from(start), None
        purchase = piece.term.purchase_start and start == piece.term.acquired
        return end_of_term(piece.term.length, start, self._runs.get(start), purchase)

    def _settle(self, piece: _Piece, start: Instant, run: Run | None, outcome: Outcome) -> _Laid:
        term = piece.term
        if outcome.end > start:
            self.lane.segments.append(Segment(start, outcome.end, term.term_id, term.lane_id, term.sku_id))
            if run and outcome.whole:
                self._runs[outcome.end] = run
            if piece.frozen:
                self.lane.frozen.add(term.term_id)
        if outcome.refunded is not None and term.supersedes:
            self.lane.undone.setdefault(term.term_id, outcome.refunded)
        if outcome.follow:
            self._follow(piece, outcome.follow)
        return _Laid(
            outcome.end if outcome.end > start else EARLIEST,
            outcome.held_end if outcome.held_end > start else EARLIEST,
        )

    def _follow(self, piece: _Piece, follow: Follow) -> None:
        rest = _Piece(piece.term, follow.floor, follow.touches, rest=follow.rest, frozen=follow.frozen)
        if follow.waiting:
            self._wait(rest)
            self._blocked = piece.term.term_id in self.lane.waiting
        else:
            heappush(self._frozen if follow.frozen else self._queue, (piece.term.order, rest))

    def _wait(self, piece: _Piece) -> None:
        if (refunded := piece.refunded_in_full) is None:
            self.lane.waiting[piece.term.term_id] = piece.rest
        elif piece.term.supersedes:
            self.lane.undone.setdefault(piece.term.term_id, refunded)
