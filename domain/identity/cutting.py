"""What refunds, upgrades and pauses do to one piece of a term, wherever the piece is laid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.catalog import Residue
from domain.identity.facts import Term
from domain.identity.lengths import Rest, rest_of, shortened
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
    for number, touch in enumerate(touches):
        begun = touch.at > start
        if begun and touch.at >= end:
            break
        later = tuple(touches[number + 1 :]) if begun else (*refunds, *touches[number + 1 :])
        match touch:
            case Refunded(_, leaves) if end <= start:
                # Nothing is left of it here. A pause may lay it elsewhere, where the refunds leave something.
                if not leaves:
                    break
                refunds.append(touch)
            case Refunded(at, leaves, hold):
                base = max(start, at)
                kept = (end - base) * leaves.numerator // leaves.denominator
                end = max(base, shortened(term.length, base + kept)) if kept else base
                held = held if hold else end
                if not leaves:
                    onward = end if end > start else at
                    # HOLD keeps free what the term would have had here: up to its next pause or upgrade.
                    others = (other.at for other in later if not isinstance(other, Refunded))
                    kept_free = min(held, min(others, default=held)) if hold else onward
                    return Outcome(end, onward, max(kept_free, onward), refunded=at)
                refunds.append(touch)
            case Superseded(at, by):
                back = undone.get(by)
                if rest is None and start == term.pinned and back is not None and max(at, back) <= start:
                    # An upgrade that came and went before a pinned start left it alone.
                    continue
                left = rest_of(term.length, end, at) if begun else rest
                follow = Follow(left, at, upgrade=touch, touches=later)
                return Outcome(max(start, at), at, at, None if _nothing(left) else follow)
            case Paused(at, resumed):
                if rest is None and start == term.pinned and resumed is not None and resumed <= start:
                    continue
                left = rest_of(term.length, end, at) if begun else rest
                floor = at if resumed is None else resumed
                follow = Follow(left, floor, paused=resumed is None, touches=later)
                return Outcome(max(start, at), at, at, None if _nothing(left) else follow)
    if end > start:
        return Outcome(end, end, held)
    return Outcome(start, EARLIEST, held if held == planned else EARLIEST)


def _nothing(left: Rest | None) -> bool:
    return left is not None and left.nothing
