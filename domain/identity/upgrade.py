"""What becomes of the time and value left on the cards that an upgrade replaces (S4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.catalog import EndRounding, Relation, Residue, Sku
from domain.identity.layout import Layout
from domain.identity.lengths import rest_of
from domain.identity.terms import Supersession, Term
from domain.identity.timeline import Timeline
from domain.identity.value import remaining_worth
from domain.shared.instants import DAY, Instant, local_date
from domain.shared.money import half_up


@dataclass(frozen=True, slots=True)
class Residues:
    """The rests of all replaced cards together."""

    supersessions: tuple[Supersession, ...] = ()
    credit: int = 0
    """Minor units off the new price."""
    extra_days: int = 0
    extra_us: int = 0

    @property
    def discarded(self) -> int:
        return sum(supersession.discarded for supersession in self.supersessions)


@dataclass(frozen=True, slots=True)
class _Left:
    """A replaced term, its residue rule, and what it is still worth, exactly."""

    term: Term
    residue: Residue
    worth: Fraction

    @property
    def value(self) -> int:
        return half_up(self.worth)


def residues(
    timeline: Timeline,
    layout: Layout,
    superseded: Sequence[tuple[Term, Relation]],
    sku: Sku,
    zone: str,
    at: Instant,
    plain_end: Instant,
    quoted_credit: int | None,
) -> Residues:
    """Apply each pair's residue rule at `at`; money is rounded once, half up, at the end.

    `plain_end` is the end that the new term would have without residue; `quoted_credit` the credit
    that an order promised, which then holds whatever the rest is worth by now.
    """
    left = [
        _Left(term, relation.residue or Residue.DISCARD, remaining_worth(timeline, layout, term, at))
        for term, relation in superseded
    ]
    by_rule = {rule: [item for item in left if item.residue is rule] for rule in Residue}
    credit = quoted_credit
    if credit is None:
        credit = min(half_up(_worth(by_rule[Residue.CREDIT_MONEY])), sku.price.amount)
    days, lost = _converted(_worth(by_rule[Residue.CONVERT_DAYS]), sku, zone, at, plain_end)
    tail_days, tail_us = _tails(layout, by_rule[Residue.TAIL], at)
    given = {
        Residue.DISCARD: 0,
        Residue.CREDIT_MONEY: credit,
        Residue.CONVERT_DAYS: half_up(_worth(by_rule[Residue.CONVERT_DAYS])) - lost,
        Residue.FREEZE: 0,
        Residue.TAIL: half_up(_worth(by_rule[Residue.TAIL])),
    }
    supersessions = {
        item.term_id: item
        for rule, items in by_rule.items()
        for item in _shared_out(rule, items, given[rule])
    }
    in_order = tuple(supersessions[term.term_id] for term, _ in superseded)
    return Residues(in_order, credit, days + tail_days, tail_us)


def _worth(items: Iterable[_Left]) -> Fraction:
    return sum((item.worth for item in items), Fraction(0))


def _shared_out(rule: Residue, items: Sequence[_Left], given: int) -> Iterator[Supersession]:
    """Let the terms of one rule give so much, in their order; the rest of their value is lost."""
    for number, item in enumerate(items):
        last = number == len(items) - 1
        converted = given if last else min(item.value, given)
        given -= converted
        lost = 0 if rule is Residue.FREEZE else item.value - converted
        yield Supersession(item.term.term_id, rule, item.value, converted, lost)


def _converted(worth: Fraction, sku: Sku, zone: str, at: Instant, plain_end: Instant) -> tuple[int, int]:
    """How many whole days of the new card a worth buys, and what of it buys none, in minor units."""
    if not sku.price.amount:
        return 0, half_up(worth)
    price_per_day = Fraction(sku.price.amount) / _days(sku, zone, at, plain_end)
    days = int(worth / price_per_day)
    return days, half_up(worth - days * price_per_day)


def _days(sku: Sku, zone: str, start: Instant, end: Instant) -> Fraction:
    if sku.end_rounding is EndRounding.EXACT:
        return Fraction(end - start, DAY)
    return Fraction(max((local_date(end, zone) - local_date(start, zone)).days, 1))


def _tails(layout: Layout, items: Iterable[_Left], at: Instant) -> tuple[int, int]:
    """The days and microseconds that terms still have after `at`."""
    days = us = 0
    for item in items:
        for segment in layout.of(item.term.term_id):
            if segment.end > at:
                rest = rest_of(item.term.length, segment.end, max(segment.start, at))
                days, us = days + rest.days, us + rest.us
    return days, us
