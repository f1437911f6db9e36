"""Windows of the calendar: days, weeks, months, quarters and years of a zone, and all of time."""

from datetime import date, timedelta
from enum import StrEnum

from domain.shared.instants import EARLIEST, Instant, add_months, local_date, midnight

DEFAULT_ZONE = "Asia/Shanghai"


class Window(StrEnum):
    """How long what is counted together is."""

    EVENT = "EVENT"
    """One event by itself."""
    DAY = "DAY"
    WEEK = "WEEK"
    """From Monday."""
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"
    LIFETIME = "LIFETIME"


_MONTHS = {Window.MONTH: 1, Window.QUARTER: 3, Window.YEAR: 12}


def start_of(window: Window, at: Instant, zone: str) -> Instant:
    """The first instant of the window in which `at` lies; an event is a window of its own."""
    if window is Window.EVENT:
        return at
    if window is Window.LIFETIME:
        return EARLIEST
    # Days near 1970 may start before it, which no instant does.
    return max(midnight(_first_day(window, local_date(at, zone)), zone), EARLIEST)


def turn_of(window: Window, at: Instant, zone: str) -> Instant:
    """The first instant at or after `at` at which such a window starts: a DAY, or a longer one."""
    if start_of(window, at, zone) == at:
        return at
    first = _first_day(window, local_date(at, zone))
    if window in _MONTHS:
        return midnight(add_months(first, _MONTHS[window]), zone)
    return midnight(first + timedelta(days=7 if window is Window.WEEK else 1), zone)


def _first_day(window: Window, day: date) -> date:
    if window is Window.DAY:
        return day
    if window is Window.WEEK:
        return day - timedelta(days=day.weekday())
    months = _MONTHS[window]
    return date(day.year, day.month - (day.month - 1) % months, 1)
