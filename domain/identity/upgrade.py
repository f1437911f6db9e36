"""What becomes of the time and value left on the cards that an upgrade replaces (S4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.catalog import EndRounding, Relation, Residue, Sku
from domain.identity.facts import Supersession, Term
from domain.identity.layout import Layout
from domain.identity.lengths import rest_of
from domain.identity.timeline import Timeline
from domain.identity.value import books
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
    """A replaced term, its residue rule, and what it is still worth."""

    term: Term
    residue: Residue
    value: int


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
    """Apply each pair's residue rule at `at`.

    `plain_end` is the end that the new term would have without residue; `quoted_credit` the credit
    that an order promised, which then holds whatever the rest is worth by now.
    """
    left = [
        _Left(term, relation.residue or Residue.DISCARD, books(timeline, layout, term, at).remaining)
        for term, relation in superseded
    ]
    supersessions: dict[str, Supersession] = {}

    def convert(rule: Residue, worth: int) -> None:
        """Let the terms of one rule give `worth` in their order; the rest of their value is lost."""
        chosen = [item for item in left if item.residue is rule]
        for number, item in enumerate(chosen):
            given = worth if number == len(chosen) - 1 else min(item.value, worth)
            worth -= given
            supersessions[item.term.term_id] = Supersession(
                item.term.term_id, rule, item.value, given, item.value - given
            )

    credited = _value(left, Residue.CREDIT_MONEY)
    credit = min(credited, sku.price.amount) if quoted_credit is None else quoted_credit
    days, worth = _converted_days(_value(left, Residue.CONVERT_DAYS), sku, zone, at, plain_end)
    convert(Residue.DISCARD, 0)
    convert(Residue.CREDIT_MONEY, credit)
    convert(Residue.CONVERT_DAYS, worth)
    convert(Residue.TAIL, _value(left, Residue.TAIL))
    for item in left:
        if item.residue is Residue.FREEZE:
            supersessions[item.term.term_id] = Supersession(
                item.term.term_id, Residue.FREEZE, item.value, 0, 0
            )
    tail_days, tail_us = _tails(layout, (item.term for item in left if item.residue is Residue.TAIL), at)
    return Residues(
        tuple(supersessions[item.term.term_id] for item in left), credit, days + tail_days, tail_us
    )


def _value(left: Iterable[_Left], rule: Residue) -> int:
    return sum(item.value for item in left if item.residue is rule)


def _converted_days(value: int, sku: Sku, zone: str, at: Instant, plain_end: Instant) -> tuple[int, int]:
    """How many whole days of the new card a value buys, and what of the value that takes."""
    if not sku.price.amount or not value:
        return 0, 0
    price_per_day = Fraction(sku.price.amount) / _days(sku, zone, at, plain_end)
    days = int(value / price_per_day)
    return days, min(value, half_up(days * price_per_day))


def _days(sku: Sku, zone: str, start: Instant, end: Instant) -> Fraction:
    if sku.end_rounding is EndRounding.EXACT:
        return Fraction(end - start, DAY)
    return Fraction(max((local_date(end, zone) - local_date(start, zone)).days, 1))


def _tails(layout: Layout, terms: Iterable[Term], at: Instant) -> tuple[int, int]:
    """The days and microseconds that terms still have after `at`."""
    days = us = 0
    for term in terms:
        for segment in layout.of(term.term_id):
            if segment.end > at:
                rest = rest_of(term.length, segment.end, max(segment.start, at))
                days, us = days + rest.days, us + rest.us
    return days, us
