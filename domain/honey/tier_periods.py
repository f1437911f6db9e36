"""The periods in which a member has a tier, and until when qualifying points count in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from domain.honey.qualifying import Counted, Movement
from domain.honey.tier_rules import CalendarYear, TierRules, Window
from domain.shared.instants import Instant, Period, Unit, add, local_date, midnight


@dataclass(frozen=True, slots=True)
class Periods:
    """Half-open, one after the other without a gap, numbered; those before number 0 are negative."""

    window: Window
    zone: str
    anchor: Instant
    """Where number 0 starts, unless periods are years: then a period's number is the year."""

    def start(self, number: int) -> Instant:
        """Its first instant: calendar time from the anchor, never from a start that was clamped."""
        if isinstance(self.window, CalendarYear):
            return midnight(date(number, 1, 1), self.zone)
        return add(self.anchor, Period(number * self.window.months, Unit.MONTH), self.zone)

    def number(self, at: Instant) -> int:
        """Of the period that has this instant."""
        return _number(self, at)

    def counted_anew(self, at: Instant) -> int:
        """The same, by the calendar."""
        number = self._about(at)
        while self.start(number) > at:
            number -= 1
        while self.start(number + 1) <= at:
            number += 1
        return number

    def counted(self, movement: Movement) -> Counted:
        """In the window of what it earned, or takes back."""
        if isinstance(self.window, CalendarYear):
            return Counted(movement, self.start(self.number(movement.earned_at) + 1))
        months = Period(self.window.months, Unit.MONTH)
        return Counted(movement, add(movement.earned_at, months, self.zone))

    def _about(self, at: Instant) -> int:
        day, first = local_date(at, self.zone), local_date(self.anchor, self.zone)
        if isinstance(self.window, CalendarYear):
            return day.year
        return ((day.year - first.year) * 12 + day.month - first.month) // self.window.months


@lru_cache(maxsize=16_384)
def _number(periods: Periods, at: Instant) -> int:
    # The same movements are looked at again and again.
    return periods.counted_anew(at)


def periods_of(rules: TierRules, movements: Iterable[Movement], otherwise: Instant) -> Periods:
    """Of the member with these movements; counted from another instant if there are none.

    Counted from the movement that counted first, so that none that comes or is told later moves the periods.
    """
    counted = ((max(movement.recorded, movement.effective), movement.effective) for movement in movements)
    _, anchor = min(counted, default=(otherwise, otherwise))
    return Periods(rules.window, rules.zone, anchor)
