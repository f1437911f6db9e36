"""What refunds, upgrades and pauses do to one piece of a term, wherever the piece is laid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.catalog import Residue
from domain.identity.lengths import Rest, rest_of, shortened
from domain.identity.terms import Term
from domain.identity.timeline import Timeline
from domain.shared.instants import EARLIEST, Instant


@dataclass(frozen=True, slots=True)
class Refunded:
    """All refunds of a term at one instant: what of the remaining time they leave."""

    at: Instant
    leaves: Fraction
    hold: bool


@dataclass(frozen=True, slots=True)
class Superseded:
    """An upgrade of a term."""

    at: Instant
    by: str
    freezes: bool


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause of a term."""

    at: Instant
    resumed: Instant | None


Touch = Refunded | Superseded | Paused


@dataclass(frozen=True, slots=True)
class Follow:
    """The rest that a cut leaves, still to be laid."""

    rest: Rest | None
    """None: the whole term."""
    floor: Instant
    upgrade: Superseded | None = None
    """It was replaced: it is frozen, or there only if the upgrade's refund gives it back."""
    paused: bool = False
    touches: tuple[Touch, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a piece laid at a certain start."""

    end: Instant
    """Equal to the start if nothing is."""
    onward: Instant
    """Later terms start no earlier: the end, or the moment that took the piece away."""
    held: Instant
    """As `onward`, beyond it if a refund says HOLD."""
    follow: Follow | None = None
    refunded: Instant | None = None
    """When a full refund ended it, if one did."""


def touches_of(timeline: Timeline, term: Term) -> tuple[Touch, ...]:
    """Everything that touches a term, in time order; at one instant refunds come last."""
    touches: list[Touch] = [
        Superseded(upgrade.acquired, upgrade.term_id, supersession.residue is Residue.FREEZE)
        for upgrade, supersession in timeline.superseded.get(term.term_id, ())
    ]
    touches += [Paused(stop.paused, stop.resumed) for stop in timeline.stops.get(term.term_id, ())]
    by_instant: dict[Instant, Refunded] = {}
    for cut in timeline.cuts.get(term.term_id, ()):
        if not cut.keep_time:
            known = by_instant.get(cut.at, Refunded(cut.at, Fraction(1), False))
            by_instant[cut.at] = Refunded(cut.at, known.leaves * (1 - cut.share), known.hold or cut.hold)
    touches += by_instant.values()
    if len(touches) > 1:
        ranks = {Superseded: 0, Paused: 1, Refunded: 2}
        touches.sort(key=lambda touch: (touch.at, ranks[type(touch)]))
    return tuple(touches)


def cut_piece(
    term: Term,
    rest: Rest | None,
    start: Instant,
    end: Instant,
    touches: Sequence[Touch],
    undone: Mapping[str, Instant],
) -> Outcome:
    """What is left of a piece that lies in `[start, end)`.

    `undone` holds the upgrades that were refunded, and when.
    """
    planned = held = end
    refunds: list[Touch] = []
    pinned = rest is None and start == term.pinned
    for number, touch in enumerate(touches):
        begun = touch.at > start
        if begun and touch.at >= end:
            held = _kept_free(held, touches[number:])
            break
        later = tuple(touches[number + 1 :]) if begun else (*refunds, *touches[number + 1 :])
        if not isinstance(touch, Refunded):
            if not (pinned and _came_and_went(touch, start, undone)):
                return _stopped(touch, start, rest_of(term.length, end, touch.at) if begun else rest, later)
        elif end > start:
            base = max(start, touch.at)
            kept = (end - base) * touch.leaves.numerator // touch.leaves.denominator
            end = max(base, shortened(term.length, base + kept)) if kept else base
            held = held if touch.hold else end
            if not touch.leaves:
                return _ended(touch, start, end, held, later)
            refunds.append(touch)
        elif touch.leaves:
            # Nothing is left of it here. A pause may lay it elsewhere, where the refunds leave something.
            refunds.append(touch)
        else:
            break
    if end > start:
        return Outcome(end, end, held)
    return Outcome(start, EARLIEST, held if held == planned else EARLIEST)


def _came_and_went(touch: Superseded | Paused, start: Instant, undone: Mapping[str, Instant]) -> bool:
    """Whether an upgrade or a pause was over before a pinned start, and so left the term alone."""
    over = undone.get(touch.by) if isinstance(touch, Superseded) else touch.resumed
    return over is not None and max(touch.at, over) <= start


def _stopped(
    touch: Superseded | Paused, start: Instant, left: Rest | None, later: tuple[Touch, ...]
) -> Outcome:
    """A piece that an upgrade or a pause cuts, or keeps from beginning."""
    follow = None
    if left is None or not left.nothing:
        if isinstance(touch, Superseded):
            follow = Follow(left, touch.at, upgrade=touch, touches=later)
        elif touch.resumed is None:
            follow = Follow(left, touch.at, paused=True, touches=later)
        else:
            follow = Follow(left, touch.resumed, touches=later)
    return Outcome(max(start, touch.at), touch.at, touch.at, follow)


def _ended(
    refund: Refunded, start: Instant, end: Instant, held: Instant, later: tuple[Touch, ...]
) -> Outcome:
    """A piece that a full refund ends. HOLD keeps free what it would have had."""
    onward = end if end > start else refund.at
    kept_free = _kept_free(held, later) if refund.hold else onward
    return Outcome(end, onward, max(kept_free, onward), refunded=refund.at)


def _kept_free(held: Instant, later: Sequence[Touch]) -> Instant:
    """What HOLD keeps free ends with the next pause or upgrade."""
    stops = (touch.at for touch in later if not isinstance(touch, Refunded))
    return min(held, min(stops, default=held))
