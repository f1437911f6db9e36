"""Earning rules: for what members get points, how many, and for how long."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor

from domain.honey.earning_awards import Award, Combination, Multiplier, exact_points
from domain.honey.earning_caps import Cap
from domain.honey.earning_conditions import Condition, PaidBetween
from domain.honey.earning_expiry import Expiry
from domain.shared.instants import LATEST, Instant, Period


class Mode(StrEnum):
    """Which of the rules of a scene give points for an event that they match."""

    FIRST_MATCH = "FIRST_MATCH"
    """The first, whatever its caps leave of it."""
    ALL = "ALL"
    BEST = "BEST"
    """The one that gives most after its caps; of equal ones the first."""


class QuotedAt(StrEnum):
    """At which instant identities, campaigns and the rule itself must be in force."""

    ORDER = "ORDER"
    """What was promised then holds for the life of the order."""
    EVENT = "EVENT"
    """When it was paid, or happened."""


@dataclass(frozen=True, slots=True)
class EarningRule:
    """One version of one rule."""

    rule_id: str
    version: int
    award: Award
    conditions: tuple[Condition, ...] = ()
    """All must hold."""
    multipliers: tuple[Multiplier, ...] = ()
    combination: Combination = Combination.MAX
    caps: tuple[Cap, ...] = ()
    cooldown: Period | None = None
    """No two events of a member earn by it that are nearer to each other."""
    expiry: Expiry | None = None
    """None: never."""
    return_window: Period | None = None
    """So long after the event the points are pending."""
    merchant_id: str = ""
    """Who pays for the points; empty: the programme."""
    priority: int = 0
    """Points of a lower number are burnt first."""
    quoted_at: QuotedAt = QuotedAt.ORDER
    starts: Instant = 0
    ends: Instant = LATEST
    """The first instant at which it is no longer in force."""

    def points(self, paid: int, factor: Fraction) -> int:
        """For so many minor units, before caps: rounded down, here and nowhere else."""
        if not all(each.has(paid) for each in self.conditions if isinstance(each, PaidBetween)):
            return 0
        return floor(exact_points(self.award, paid) * factor)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a member can do to earn points, and by which rules, in their order."""

    scene_id: str
    rules: tuple[EarningRule, ...]
    mode: Mode = Mode.FIRST_MATCH


@dataclass(frozen=True, slots=True)
class EarningRules:
    """All of a programme, whose zone has the calendar."""

    zone: str
    scenes: tuple[Scene, ...] = ()

    def scene(self, scene_id: str) -> Scene | None:
        return next((scene for scene in self.scenes if scene.scene_id == scene_id), None)

    def rule(self, rule_id: str) -> EarningRule:
        """One that is known to be there."""
        return next(rule for scene in self.scenes for rule in scene.rules if rule.rule_id == rule_id)
