"""How many points a rule gives, exactly: nothing is rounded here."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import prod

from domain.honey.earning_conditions import Quote
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class FixedPoints:
    """So many points, whatever was paid."""

    points: int


@dataclass(frozen=True, slots=True)
class ProportionalPoints:
    """So many points for every so many minor units paid in a currency, and parts of points for parts."""

    points: int
    per_minor: int
    currency: str


Award = FixedPoints | ProportionalPoints


@dataclass(frozen=True, slots=True)
class ForHolders:
    """Of whoever holds one of these SKUs."""

    sku_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class ForCampaign:
    """From one instant until before another."""

    campaign_id: str
    starts: Instant
    ends: Instant


@dataclass(frozen=True, slots=True)
class Multiplier:
    """So many times the points."""

    factor: Fraction
    when: ForHolders | ForCampaign

    def applies(self, quote: Quote) -> bool:
        if isinstance(self.when, ForHolders):
            return bool(quote.held & self.when.sku_ids)
        return self.when.starts <= quote.at < self.when.ends


class Combination(StrEnum):
    """What several multipliers make together."""

    MAX = "MAX"
    """The largest counts."""
    SUM_OF_BONUS = "SUM_OF_BONUS"
    """What each adds to one is added up: 2 and 1.5 make 2.5."""
    PRODUCT = "PRODUCT"
    """2 and 1.5 make 3."""


def combined(combination: Combination, factors: Iterable[Fraction]) -> Fraction:
    """Of no factors: 1."""
    match combination:
        case Combination.MAX:
            return max(factors, default=Fraction(1))
        case Combination.SUM_OF_BONUS:
            return 1 + sum((factor - 1 for factor in factors), Fraction(0))
        case Combination.PRODUCT:
            return prod(factors, start=Fraction(1))


def exact_points(award: Award, paid: int) -> Fraction:
    """For so many minor units, before multipliers."""
    if isinstance(award, FixedPoints):
        return Fraction(award.points)
    return Fraction(award.points * paid, award.per_minor)
