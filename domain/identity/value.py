"""Money of terms: what was paid is earned second by second, given back, moved by upgrades, or lost.

For every term: value = paid + converted into it - converted out of it - discarded - paid back, and
value = what has been earned + what remains (ID-10). Prorating is by the microsecond of laid-out time,
half up, once, at the end.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from domain.identity.layout import Layout
from domain.identity.terms import Term
from domain.identity.timeline import Timeline
from domain.shared.instants import DAY, Instant
from domain.shared.money import half_up


@dataclass(frozen=True, slots=True)
class Books:
    """The money of one term at one instant, in minor units."""

    paid: int
    converted_in: int
    converted_out: int
    discarded: int
    refunded: int
    remaining: int

    @property
    def value(self) -> int:
        return self.paid + self.converted_in - self.converted_out - self.discarded - self.refunded

    @property
    def earned(self) -> int:
        return self.value - self.remaining


def remaining_part(layout: Layout, term: Term, at: Instant) -> Fraction:
    """The part of a term's whole length that lies after `at`; a rest that waits counts in full."""
    waiting = 0
    lane = layout.lanes[term.lane_id]
    if term.term_id in lane.waiting:
        rest = lane.waiting[term.term_id]
        waiting = rest.us + rest.days * DAY if rest else 1
    segments = layout.of(term.term_id)
    length = sum(segment.end - segment.start for segment in segments) + waiting
    left = sum(max(segment.end - max(segment.start, at), 0) for segment in segments) + waiting
    return Fraction(left, length) if length else Fraction(0)


def books(timeline: Timeline, layout: Layout, term: Term, at: Instant) -> Books:
    """The money of a term as of `at`, by the facts in force."""
    money = _movements(timeline, layout, term)
    return replace(money, remaining=half_up(money.value * remaining_part(layout, term, at)))


def remaining_worth(timeline: Timeline, layout: Layout, term: Term, at: Instant) -> Fraction:
    """What a term is still worth at `at`, exactly; never less than nothing.

    A refund and an upgrade that is dated before it may together take more than there was.
    """
    return max(_movements(timeline, layout, term).value, 0) * remaining_part(layout, term, at)


def _movements(timeline: Timeline, layout: Layout, term: Term) -> Books:
    lane = layout.lanes[term.lane_id]
    in_force = term.term_id not in lane.undone
    out = [
        supersession
        for upgrade, supersession in timeline.superseded.get(term.term_id, ())
        if upgrade.term_id not in lane.undone
    ]
    return Books(
        paid=term.paid,
        converted_in=sum(s.converted for s in term.supersedes) if in_force else 0,
        converted_out=sum(supersession.converted for supersession in out),
        discarded=sum(supersession.discarded for supersession in out),
        refunded=timeline.refunded(term.term_id),
        remaining=0,
    )


def refundable(timeline: Timeline, layout: Layout, term: Term, at: Instant, share: Fraction) -> int:
    """What is paid back for a share of the time that remains after `at`: of the money paid, not of credit."""
    money = books(timeline, layout, term, at)
    own = max(money.paid - money.converted_out - money.discarded - money.refunded, 0)
    return half_up(own * remaining_part(layout, term, at) * share)
