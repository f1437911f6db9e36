"""From moments to columns, and the ticks above them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LONGEST_IN_DAYS = timedelta(days=62)
DAY_STEPS = (1, 2, 5, 10)
MONTH_STEPS = (1, 2, 3, 6)
YEAR_STEPS = (1, 2, 5, 10, 20, 50, 100, 500, 1000)


@dataclass(frozen=True)
class Tick:
    """A named moment: the month, and above it, where it changes, the year."""

    at: datetime
    above: str
    below: str


@dataclass(frozen=True)
class Scale:
    """Columns of equal time."""

    start: datetime
    end: datetime
    width: int

    def column(self, moment: datetime) -> int:
        """0 to width - 1; moments outside go to the edges."""
        return min(max(self.edge(moment), 0), self.width - 1)

    def edge(self, moment: datetime) -> int:
        """The column before which a moment lies, 0 to width: where a half-open interval ends."""
        share = (moment - self.start) / (self.end - self.start)
        return min(max(round(share * self.width), 0), self.width)

    def room(self, step: timedelta) -> float:
        """Columns between two moments that are `step` apart."""
        return step / (self.end - self.start) * self.width


def scale_over(moments: Sequence[datetime], width: int, zone: ZoneInfo) -> Scale:
    """A scale over all the moments, from the first day of a month (of few, from a day) to another."""
    first, last = min(moments).astimezone(zone), max(moments).astimezone(zone)
    if last - first <= LONGEST_IN_DAYS - timedelta(days=2):
        return Scale(_midnight(first), _midnight(last + timedelta(days=1)), width)
    return Scale(_midnight(first.replace(day=1)), _next_month(_midnight(last.replace(day=1))), width)


def ticks_of(scale: Scale) -> Sequence[Tick]:
    """As many as there is room for."""
    if scale.end - scale.start <= LONGEST_IN_DAYS:
        step = next((s for s in DAY_STEPS if scale.room(timedelta(days=s)) >= 3), DAY_STEPS[-1])
        return _run(scale, lambda day: _midnight(day + timedelta(days=step, hours=3)), "%b %Y", "%d")
    month = timedelta(days=30)
    for step in MONTH_STEPS:
        if scale.room(month * step) >= 4:
            return _run(scale, _months_on(step), "%Y", "%b")
    for years in YEAR_STEPS:
        if scale.room(timedelta(days=365) * years) >= 5:
            return _run(scale, _months_on(12 * years), "", "%Y")
    return _run(scale, _months_on(12 * YEAR_STEPS[-1]), "", "%Y")


def _run(scale: Scale, following: Callable[[datetime], datetime], above: str, below: str) -> list[Tick]:
    ticks: list[Tick] = []
    at, last_above = scale.start, ""
    while at < scale.end:
        named = at.strftime(above)
        ticks.append(Tick(at, named if named != last_above else "", at.strftime(below)))
        last_above = named
        at = following(at)
    return ticks


def _months_on(count: int) -> Callable[[datetime], datetime]:
    def following(at: datetime) -> datetime:
        # From the calendar, so that ticks of a step of 3 months stay on January, April, July, October.
        index = (at.year * 12 + at.month - 1) // count * count + count
        return (
            at.replace(year=index // 12, month=index % 12 + 1)
            if index < 120_000
            else datetime.max.replace(tzinfo=at.tzinfo)
        )

    return following


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_month(first_of_month: datetime) -> datetime:
    return _midnight((first_of_month + timedelta(days=32)).replace(day=1))
