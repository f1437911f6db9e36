"""A second idea of tiers, as simple as can be: one day after the other, and everything anew on each.

Movements happen and are heard of at local midnights, so that a day is the smallest thing there is.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ONE = timedelta(days=1)


@dataclass(frozen=True)
class Told:
    """One movement, as this world sees it."""

    points: int
    happened: date
    heard: date
    earned: date


@dataclass(frozen=True)
class NaiveRules:
    """`months` 0: calendar years."""

    thresholds: tuple[int, ...]
    months: int
    at_once: bool
    down: Callable[[int, int], int]
    """(rung, reached) → rung."""
    grace_days: int


@dataclass
class NaiveTiers:
    """What one member is told, day after day."""

    rules: NaiveRules
    story: Sequence[Told]

    def told(self, known: date) -> dict[date, int]:
        """The rung of each day, as known on one; of those to come in its period, what is promised."""
        told = dict[date, int]()
        heard = [each for each in self.story if each.heard <= known]
        busy = {day for each in heard for day in (each.heard, each.happened)}
        for today in _days(min([known, *busy]), known):
            if today in busy or self._begins(today):
                path = self._path(today, self._end(today) - ONE, today, told)
                told |= {each: max(rung, told.get(each, 0)) for each, rung in path.items()}
        return told

    def points(self, day: date, known: date) -> int:
        counting = (told for told in self.story if told.heard <= known and told.happened <= day)
        return sum(told.points for told in counting if day < self._gone(told))

    def _path(self, last: date, until: date, known: date, told: dict[date, int]) -> dict[date, int]:
        """The rung of each day, by what happened up to `last`."""
        story = [each for each in self.story if each.heard <= known and each.happened <= last]
        seen = NaiveTiers(self.rules, story)
        first = min([last, *told, *(each.happened for each in story)])
        rungs, held, before, kept_to = dict[date, int](), 0, 0, first
        for day in _days(first, until):
            if self._begins(day):
                yesterday = rungs.get(day - ONE, 0)
                reached = self._reached(seen._at_end(day))
                held = max(reached, self.rules.down(yesterday, reached))
                before, kept_to = yesterday, day + timedelta(days=self.rules.grace_days)
            if self.rules.at_once:
                held = max(held, self._reached(seen.points(day, known)))
            rungs[day] = max(held, told.get(day, 0), before if day < kept_to else 0)
        return rungs

    def _at_end(self, begins: date) -> int:
        """Points that counted until a period began on this day: those that go on it are in."""
        story = (each for each in self.story if each.happened < begins)
        return sum(each.points for each in story if begins <= self._gone(each))

    def _reached(self, points: int) -> int:
        return sum(points >= threshold for threshold in self.rules.thresholds[1:])

    def _gone(self, told: Told) -> date:
        if not self.rules.months:
            return date(told.earned.year + 1, 1, 1)
        return months_later(told.earned, self.rules.months)

    def _begins(self, day: date) -> bool:
        if not self.rules.months:
            return (day.month, day.day) == (1, 1)
        _, first = min((max(told.heard, told.happened), told.happened) for told in self.story)
        apart = (day.year - first.year) * 12 + day.month - first.month
        return apart % self.rules.months == 0 and months_later(first, apart) == day

    def _end(self, day: date) -> date:
        return next(each for each in _days(day + ONE, date.max) if self._begins(each))


def months_later(day: date, months: int) -> date:
    """On the same day, or the last of the month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE


def midnight_of(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000
