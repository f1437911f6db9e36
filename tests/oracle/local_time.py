"""Calendar arithmetic of the oracle: plain datetime and zoneinfo, one instant at a time.

Instants are microseconds since 1970 in UTC. Semantics, section 2, "Zone" and "Calendar arithmetic".
"""

import calendar
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall(us: int, zone: str) -> datetime:
    """What the clock on the wall shows, without a zone."""
    return (EPOCH + timedelta(microseconds=us)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def day_of(us: int, zone: str) -> date:
    """The local day."""
    return wall(us, zone).date()


def instant(shown: datetime, zone: str) -> int:
    """When the wall shows this: the first time if twice, the first instant after the gap if never."""
    earlier, later = _as_utc(shown, zone, fold=0), _as_utc(shown, zone, fold=1)
    if wall(earlier, zone) == shown:
        return earlier
    # In a gap `fold` 1 lies before the clocks change and `fold` 0 after: look for the change between.
    before, after = later, earlier
    while after - before > 1:
        middle = (before + after) // 2
        if wall(middle, zone) < shown:
            before = middle
        else:
            after = middle
    return after


def _as_utc(shown: datetime, zone: str, fold: int) -> int:
    aware = shown.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
    return (aware - EPOCH) // timedelta(microseconds=1)


def at(text: str, zone: str) -> int:
    """The instant of an ISO local time: `2026-01-31` or `2026-01-31T23:59:59`."""
    return instant(datetime.fromisoformat(text), zone)


def midnight(day: date, zone: str) -> int:
    """The first instant of a local day."""
    return instant(datetime.combine(day, time()), zone)


def is_midnight(us: int, zone: str) -> bool:
    """Whether a local day begins here."""
    return midnight(day_of(us, zone), zone) == us


def midnight_before(us: int, zone: str) -> int:
    """The last midnight at or before."""
    return midnight(day_of(us, zone), zone)


def midnight_after(us: int, zone: str) -> int:
    """The first midnight after, never the instant itself."""
    return midnight(day_of(us, zone) + timedelta(days=1), zone)


def add(anchor: int, count: int, unit: str, zone: str) -> int:
    """`count` units after the anchor, counted from it, clamped to the month's last day.

    Raises OverflowError after the year 9999.
    """
    if unit == "HOUR" or not count:
        # Nothing added, an instant in an hour that occurs twice stays in the second of them.
        return anchor + count * HOUR
    shown = wall(anchor, zone)
    if unit == "DAY":
        return instant(shown + timedelta(days=count), zone)
    months = shown.year * 12 + shown.month - 1 + months_of(count, unit)
    year, month = months // 12, months % 12 + 1
    if year > MAXYEAR:
        raise OverflowError
    last = calendar.monthrange(year, month)[1]
    return instant(shown.replace(year=year, month=month, day=min(shown.day, last)), zone)


def months_of(count: int, unit: str) -> int:
    """Months in so many months or years."""
    return count * 12 if unit == "YEAR" else count
