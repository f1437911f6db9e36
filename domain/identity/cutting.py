"""What refunds, upgrades and pauses do to one piece of a term, wherever the piece is laid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.catalog import Residue
from domain.identity.facts import Term
from domain.identity.lengths import Rest, rest_of, shortened
from domain.identity.timeline import Timeline
from domain.shared.instants import Instant


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
    residue: Residue


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
    frozen: bool = False
    waiting: bool = False
    touches: tuple[Touch, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a piece laid at a certain start."""

    end: Instant
    """Equal to the start if nothing is."""
    whole: bool
    held_end: Instant
    """Where later terms begin: beyond `end` if a refund says HOLD."""
    follow: Follow | None = None
    refunded: Instant | None = None
    """When a full refund ended it, if one did."""


def touches_of(timeline: Timeline, term: Term) -> tuple[Touch, ...]:
    """Everything that touches a term, in time order; at one instant refunds come first."""
    touches: list[Touch] = [
        Superseded(upgrade.acquired, upgrade.term_id, supersession.residue)
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
        ranks = {Refunded: 0, Superseded: 1, Paused: 2}
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

    `undone` holds the upgrades whose refund gives back what they replaced, and from when.
    """
    whole, held_end = rest is None, end
    for number, touch in enumerate(touches):
        if touch.at >= end:
            break
        later = tuple(touches[number + 1 :])
        match touch:
            case Refunded(at, leaves, hold):
                base = max(start, at)
                kept = (end - base) * leaves.numerator // leaves.denominator
                end = base if not kept else max(base, shortened(term.length, base + kept))
                held_end = held_end if hold else end
                whole, rest = False, None
                if not leaves:
                    return Outcome(end, whole, held_end, refunded=at)
                if end <= start:
                    return Outcome(start, whole, held_end)
                rest = rest_of(term.length, end, start)
            case Superseded(at, by, residue):
                left = rest if at <= start else rest_of(term.length, end, at)
                cut = max(start, at)
                return Outcome(cut, False, cut, _after_upgrade(left, at, undone.get(by), residue, later))
            case Paused(at, resumed) if at >= start:
                left = rest_of(term.length, end, at)
                floor = at if resumed is None else resumed
                follow = Follow(left, floor, waiting=resumed is None, touches=later)
                return Outcome(at, False, at, None if left.nothing else follow)
    return Outcome(end, whole, held_end)


def _after_upgrade(
    left: Rest | None, at: Instant, back: Instant | None, residue: Residue, later: tuple[Touch, ...]
) -> Follow | None:
    if left is not None and left.nothing:
        return None
    if back is not None:
        return Follow(left, back, touches=later)
    if residue is Residue.FREEZE:
        return Follow(left, at, frozen=True, touches=later)
    return None
