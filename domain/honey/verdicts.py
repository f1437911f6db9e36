"""What came of an event: of each rule of its scene, and what is to be posted and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from domain.honey.earning_caps import Taking
from domain.honey.earning_rules import EarningRule
from domain.shared.instants import Instant


class Outcome(StrEnum):
    """What a rule says of an event."""

    EARNED = "EARNED"
    CAPPED = "CAPPED"
    """It earned less than it would have without caps, maybe nothing."""
    NOTHING = "NOTHING"
    """It matches, and less than one point came of it."""
    REJECTED_BY_CAP = "REJECTED_BY_CAP"
    OUT_OF_BUDGET = "OUT_OF_BUDGET"
    """There is nothing left of what everybody has together."""
    NOT_IN_FORCE = "NOT_IN_FORCE"
    NOT_MATCHED = "NOT_MATCHED"
    COOLING_DOWN = "COOLING_DOWN"
    TOO_LATE = "TOO_LATE"
    """The points would have expired before they could be spent."""
    NOT_REACHED = "NOT_REACHED"
    """An earlier rule matches (FIRST_MATCH)."""
    BEATEN = "BEATEN"
    """Another gives more (BEST)."""
    RECORDED_BEFORE = "RECORDED_BEFORE"
    """The event had its effect already."""


MATCHES = frozenset(
    {Outcome.EARNED, Outcome.CAPPED, Outcome.NOTHING, Outcome.REJECTED_BY_CAP, Outcome.OUT_OF_BUDGET}
)
"""The event is one that the rule is for, whatever came of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of an event, and why."""

    rule_id: str
    version: int
    outcome: Outcome
    because: str
    """In words: `capped from 150 to 100: at most 100 in each DAY`."""
    points: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """What an earning rests on, so that it can be told what it would be if less had been paid."""

    rule: EarningRule
    factor: Fraction
    """Of its multipliers together, at the time."""
    room: int | None
    """What its caps would have let through at the time; None: anything."""

    def points(self, paid: int) -> int:
        """For so many minor units."""
        points = self.rule.points(paid, self.factor)
        return points if self.room is None else min(points, self.room)


@dataclass(frozen=True, slots=True)
class Earning:
    """Points to post for one rule: one lot."""

    basis: Basis
    points: int
    active_from: Instant
    """Later than now: they are pending."""
    expires: Instant | None
    by_item: tuple[int, ...]
    """Whose sum they are, in the order of the event's items."""
    takings: tuple[Taking, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Of one event. A dry run shows the verdicts; a real one posts the earnings and counts what they take."""

    verdicts: Sequence[Verdict]
    """Of all rules of the scene, in their order."""
    earnings: Sequence[Earning] = ()

    @property
    def points(self) -> int:
        return sum(earning.points for earning in self.earnings)
