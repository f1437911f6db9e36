"""Laying a lane: its terms in their order, each behind what comes before it.

An AUTO term starts at the end of all that come before it in order, though not before its floor. A pinned
term (an operator's start, or an upgrade's moment) starts where it is pinned, and AUTO terms flow behind
the pins that they do not fit before. A term that is cut leaves a rest: that of a paused term waits, then
resumes; that of a term whose upgrade was refunded comes back from that moment, behind what was had of the
upgrade; that of a frozen term is laid last, until it has begun.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count

from domain.identity.cutting import Follow, Outcome, Superseded, cut_piece, touches_of
from domain.identity.layout import Lane, Layout, Segment
from domain.identity.lengths import Run, end_of_term
from domain.identity.pieces import FROZEN, QUEUED, Piece, Pin, Turn
from domain.identity.terms import Term
from domain.identity.timeline import Timeline
from domain.shared.instants import EARLIEST, Instant


def flatten(timeline: Timeline) -> Layout:
    """Lay out every lane of a timeline."""
    by_lane: dict[str, list[Term]] = {}
    for term in timeline.terms.values():
        by_lane.setdefault(term.lane_id, []).append(term)
    lanes = [_lay(timeline, terms) for terms in by_lane.values()]
    return Layout({lane.lane_id: lane for lane in sorted(lanes, key=lambda lane: lane.order)})


def _lay(timeline: Timeline, terms: Sequence[Term]) -> Lane:
    """Lay one lane, again as long as refunds turn out to undo upgrades: pins must know that beforehand."""
    undone: dict[str, Instant] = {}
    while True:
        lane = _Laying(timeline, terms, undone).lay()
        if lane.undone.keys() <= undone.keys():
            return lane
        undone |= lane.undone


_Entry = tuple[Turn, int, Piece]
"""The turn of a piece, a number that decides between equal ones, and the piece."""


class _Laying:
    """One pass over one lane."""

    def __init__(self, timeline: Timeline, terms: Sequence[Term], undone: Mapping[str, Instant]) -> None:
        first = min(terms, key=lambda term: term.order)
        self.lane = Lane(first.lane_id, first.spu_id, first.order)
        self._timeline = timeline
        self._undone = undone
        self._counter = count()
        self._queue: list[_Entry] = []
        for term in terms:
            turn = (QUEUED, *term.order)
            self._push(Piece(term, turn, term.floor, touches_of(timeline, term), term.pinned))
        pinned = [(piece.pinned, piece) for _, _, piece in self._queue if piece.pinned is not None]
        self._unlaid_pins = sorted(pinned, key=lambda pin: pin[0])
        self._pins: dict[str, Pin] = {}
        self._runs: dict[Instant, Run] = {}
        self._tail: Instant = EARLIEST
        """Where a frozen rest may start: behind all that is laid."""
        self._onward: Instant = EARLIEST
        """Where any other may: also behind what took terms away."""
        self._held: list[tuple[Term, Instant]] = []
        """Refunded terms that HOLD keeps a place for, and until when."""
        self._blocked = False
        self._replaced: dict[str, dict[str, Piece]] = {}
        """By upgrade and term, what comes back if the upgrade turns out to be refunded."""

    def lay(self) -> Lane:
        while self._queue:
            _, _, piece = heappop(self._queue)
            if not piece.frozen_by:
                self._place(piece)
            elif self._replaced.get(piece.frozen_by, {}).pop(piece.term.term_id, None) is not None:
                self._place(replace(piece, frozen_by=""))
        self.lane.segments.sort()
        return self.lane

    def _push(self, piece: Piece) -> None:
        heappush(self._queue, (piece.turn, next(self._counter), piece))

    def _place(self, piece: Piece) -> None:
        if piece.pinned is not None:
            pin = self._pin(piece, piece.pinned)
            self._pass(piece, pin.onward, pin.held)
        elif piece.paused or self._blocked:
            self._wait(piece)
            self._blocked |= piece.paused and piece.term.term_id in self.lane.waiting
        else:
            self._place_auto(piece)

    def _pass(self, piece: Piece, onward: Instant, held: Instant) -> None:
        """Later terms are laid behind this piece from now on."""
        self._onward = max(self._onward, onward)
        if held > onward:
            self._held.append((piece.term, held))

    def _free_from(self, piece: Piece) -> Instant:
        """Where a piece may start, by what was laid before it."""
        if piece.frozen:
            return self._tail
        held = (until for refunded, until in self._held if piece.heeds_hold_of(refunded))
        return max(self._onward, max(held, default=EARLIEST))

    def _pin(self, piece: Piece, start: Instant) -> Pin:
        """The pin of a pinned piece, laid if it was not yet."""
        term_id = piece.term.term_id
        if term_id not in self._pins:
            end, run = self._end(piece, start)
            outcome = cut_piece(piece.term, piece.rest, start, end, piece.touches, self._undone)
            laid = [pin for pin in self._pins.values() if pin.start < pin.end]
            overlapped = any(pin.start < outcome.end and start < pin.end for pin in laid)
            self.lane.collides |= start < outcome.end and overlapped
            self._pins[term_id] = Pin(piece.term, start, outcome.end, outcome.onward, outcome.held)
            self._settle(piece, start, end, run, outcome)
        return self._pins[term_id]

    def _place_auto(self, piece: Piece) -> None:
        start = max(self._free_from(piece), piece.floor)
        while True:
            # What is pinned before may end just here, and its run go on.
            self._lay_pins_before(start)
            end, run = self._end(piece, start)
            outcome = cut_piece(piece.term, piece.rest, start, end, piece.touches, self._undone)
            behind = self._pin_in_the_way(piece, start, outcome.end)
            if behind is None:
                break
            start = behind
        self._settle(piece, start, end, run, outcome)
        # What waited behind a rest that came to nothing waited until the rest might have begun.
        vanished = outcome.onward == EARLIEST
        self._pass(piece, piece.floor if vanished else outcome.onward, outcome.held)

    def _pin_in_the_way(self, piece: Piece, start: Instant, end: Instant) -> Instant | None:
        """Until when a pin keeps a piece away from a place; None if it fits."""
        self._lay_pins_before(end)
        taken = ((pin.start, pin.takes_until(piece)) for pin in self._pins.values())
        in_the_way = (until for since, until in taken if since < until and since < end and start < until)
        return min(in_the_way, default=None)

    def _lay_pins_before(self, instant: Instant) -> None:
        while self._unlaid_pins and self._unlaid_pins[0][0] < instant:
            pinned_start, pinned = self._unlaid_pins.pop(0)
            self._pin(pinned, pinned_start)

    def _end(self, piece: Piece, start: Instant) -> tuple[Instant, Run | None]:
        if piece.rest is not None:
            return piece.rest.end_from(start), None
        purchase = piece.term.purchase_start and start == piece.term.acquired
        before = None if piece.frozen else self._runs.get(start)
        return end_of_term(piece.term.length, start, before, purchase)

    def _settle(self, piece: Piece, start: Instant, end: Instant, run: Run | None, outcome: Outcome) -> None:
        term = piece.term
        if outcome.end > start:
            self._tail = max(self._tail, outcome.end)
            span = (start, outcome.end)
            self.lane.segments.append(
                Segment(*span, term.term_id, term.lane_id, term.sku_id, frozen=piece.frozen)
            )
        if run and outcome.held == end and not piece.frozen:
            self._runs[end] = run
        if outcome.refunded is not None and not (piece.frozen and start > outcome.refunded):
            self._undo(term, outcome.refunded)
        if outcome.follow:
            self._follow(piece, outcome.follow)

    def _undo(self, upgrade: Term, refunded: Instant) -> None:
        """What a refunded upgrade replaced comes back, behind what was had of the upgrade."""
        upgrade_id = upgrade.term_id
        if upgrade.supersedes and upgrade_id not in self.lane.undone:
            self.lane.undone[upgrade_id] = refunded
            for rest in self._replaced.pop(upgrade_id, {}).values():
                self._give_back(rest, refunded)

    def _give_back(self, rest: Piece, refunded: Instant) -> None:
        """Only now: at its old turn, though the upgrade is laid already."""
        self._push(replace(rest, floor=max(rest.floor, refunded)))

    def _follow(self, piece: Piece, follow: Follow) -> None:
        rest = replace(
            piece,
            floor=max(follow.floor, piece.floor),
            touches=follow.touches,
            pinned=None,
            rest=follow.rest,
            paused=follow.paused,
        )
        if follow.upgrade:
            self._replace(rest, follow.upgrade)
        else:
            self._push(rest)

    def _replace(self, rest: Piece, upgrade: Superseded) -> None:
        """Set a rest aside until the upgrade's refund, if there is one; a frozen rest has its turn anyway."""
        if upgrade.by in self.lane.undone:
            self._give_back(rest, self.lane.undone[upgrade.by])
            return
        self._replaced.setdefault(upgrade.by, {})[rest.term.term_id] = rest
        if upgrade.freezes:
            # Thawed from this upgrade, it stays frozen by another one.
            thawed = None if rest.frozen else self._thawed(rest.term, upgrade.by)
            turn = (QUEUED, *thawed) if thawed else (FROZEN, *rest.term.order)
            self._push(replace(rest, turn=turn, frozen=not thawed, frozen_by=upgrade.by))

    def _thawed(self, term: Term, frozen_by: str) -> tuple[int, ...] | None:
        """The order that a frozen rest took when it had begun."""
        # The last number of an order is its turn: a thaw undoes only what froze before it.
        frozen_turn = self._timeline.terms[frozen_by].order[-1]
        orders = self._timeline.thaws.get(term.term_id, ())
        return min((order for order in orders if order[0] > frozen_turn), default=None)

    def _wait(self, piece: Piece) -> None:
        """Give it no interval for now; what was replaced or refunded meanwhile does not wait."""
        replaced = [touch for touch in piece.touches if isinstance(touch, Superseded) and not touch.freezes]
        refunded = piece.refunded_in_full
        if replaced:
            touches = tuple(touch for touch in piece.touches if touch is not replaced[0])
            self._replace(replace(piece, touches=touches), replaced[0])
        elif refunded is None:
            self.lane.waiting[piece.term.term_id] = piece.rest
        else:
            self._undo(piece.term, refunded)
            self._onward = max(self._onward, refunded)
