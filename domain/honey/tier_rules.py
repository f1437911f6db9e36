"""Tiers: from how many points on a member has one, how long points count, and how a tier is lost.

Tiers are rungs of a ladder, numbered from 0, the lowest, which everybody has at least.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

from domain.honey.windows import DEFAULT_ZONE
from domain.shared.instants import Period, Unit


class Effect(StrEnum):
    """When a member has a tier that the points suffice for."""

    IMMEDIATE = "IMMEDIATE"
    """At once, for the rest of the period."""
    NEXT_PERIOD = "NEXT_PERIOD"
    """When the next period begins, if they suffice at the end of this one."""


class Downgrade(StrEnum):
    """What becomes of a tier for which the points of the period that ends do not suffice."""

    NONE = "NONE"
    """It is kept for ever."""
    ONE_STEP = "ONE_STEP"
    """The next period begins one tier lower, at most."""
    BY_BALANCE = "BY_BALANCE"
    """The next period begins with the tier that the points suffice for."""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """Periods are the years of the zone. Points count in the year in which they were earned."""


@dataclass(frozen=True, slots=True)
class RollingMonths:
    """Points count for so many months. Periods are as long, counted from the member's first movement."""

    months: int


Window = CalendarYear | RollingMonths


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier."""

    tier_id: str
    threshold: int
    """So many qualifying points suffice for it."""


NO_GRACE = Period(0, Unit.DAY)


@dataclass(frozen=True, slots=True)
class TierRules:
    """What a programme decides about tiers."""

    tiers: tuple[Tier, ...]
    """By ascending threshold; that of the first is 0."""
    window: Window = CalendarYear()
    effect: Effect = Effect.IMMEDIATE
    downgrade: Downgrade = Downgrade.BY_BALANCE
    grace: Period = NO_GRACE
    """So much longer than to the end of the period a tier is kept that is lost there."""
    zone: str = DEFAULT_ZONE

    @property
    def top(self) -> int:
        """The highest rung."""
        return len(self.tiers) - 1

    def rung(self, points: int) -> int:
        """The highest that so many points suffice for; below 0 they suffice for what 0 points do."""
        return max(bisect_right(self.tiers, points, key=lambda tier: tier.threshold) - 1, 0)

    def rung_of(self, tier_id: str) -> int:
        """Raises StopIteration if there is no such tier."""
        return next(rung for rung, tier in enumerate(self.tiers) if tier.tier_id == tier_id)

    def following(self, rung: int, points: int) -> int:
        """Where a period begins that follows one that ended on `rung` and with so many points."""
        reached = self.rung(points)
        match self.downgrade:
            case Downgrade.NONE:
                return max(reached, rung)
            case Downgrade.ONE_STEP:
                return max(reached, rung - 1)
            case Downgrade.BY_BALANCE:
                return reached
