"""Instants and calendars.

An instant is a whole number of microseconds since 1970-01-01T00:00:00Z: exact on every store, and
compared, sorted and subtracted without a thought. A calendar (days, months) exists only inside a
named IANA zone, and every function here that needs one takes it.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

Instant = int
"""Microseconds since the Unix epoch, UTC."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""24 hours, which is not always a calendar day."""

EARLIEST: Instant = 0
"""1970-01-01T00:00:00Z."""
LATEST: Instant = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z, the last instant that protobuf's Timestamp and Python can name."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(StrEnum):
    """What a duration is counted in. MONTH and YEAR are one unit: a year is 12 months."""

    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar duration as it is sold: 7 days, 3 months, 1 year."""

    count: int
    unit: Unit

    @property
    def family(self) -> Unit:
        """The unit by which runs are joined: years count as months."""
        return Unit.MONTH if self.unit is Unit.YEAR else self.unit

    def times(self, factor: int) -> "Period":
        return Period(self.count * factor, self.unit)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises KeyError (ZoneInfoNotFoundError) or ValueError if unknown."""
    return ZoneInfo(name)


def to_datetime(instant: Instant, zone: str = "UTC") -> datetime:
    """The wall clock of `zone` at `instant`."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone_of(zone))


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def local_date(instant: Instant, zone: str) -> date:
    return to_datetime(instant, zone).date()


def at_local(day: date, clock: time, zone: str) -> Instant:
    """The instant at which `zone` shows this wall time.

    A time that does not exist (clocks went forward) is the first instant after the gap; one that
    occurs twice (clocks went back) is the first of the two.
    """
    wall = datetime.combine(day, clock).replace(tzinfo=zone_of(zone), fold=0)
    instant = from_datetime(wall)
    if to_datetime(instant, zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    return _end_of_gap(wall)


def _end_of_gap(wall: datetime) -> Instant:
    # fold=1 reads a missing time with the offset after the gap, fold=0 with the one before it:
    # the jump lies between the two readings, so halving finds its first instant exactly.
    before, after = from_datetime(wall.replace(fold=1)), from_datetime(wall)
    zone = wall.tzinfo
    old_offset = (_EPOCH + timedelta(microseconds=before)).astimezone(zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if (_EPOCH + timedelta(microseconds=middle)).astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=16_384)
def midnight(day: date, zone: str) -> Instant:
    """The first instant of a local day. Remembered: runs ask for the same days again and again."""
    return at_local(day, time(), zone)


def is_midnight(instant: Instant, zone: str) -> bool:
    return midnight(local_date(instant, zone), zone) == instant


def midnight_at_or_before(instant: Instant, zone: str) -> Instant:
    return midnight(local_date(instant, zone), zone)


def midnight_after(instant: Instant, zone: str) -> Instant:
    """The first local midnight strictly after `instant`."""
    return midnight(local_date(instant, zone) + timedelta(days=1), zone)


def add(anchor: Instant, period: Period, zone: str) -> Instant:
    """`anchor` plus calendar time, from the original anchor, clamped to the end of the month.

    31 January + 1 month is 28 or 29 February, + 2 months is 31 March. Hours are absolute. The sum
    never exceeds `LATEST`.
    """
    if period.unit is Unit.HOUR:
        return min(anchor + period.count * HOUR, LATEST)
    local = to_datetime(anchor, zone)
    try:
        if period.unit is Unit.DAY:
            day = local.date() + timedelta(days=period.count)
        else:
            day = add_months(local.date(), period.count * (12 if period.unit is Unit.YEAR else 1))
        return min(at_local(day, local.time(), zone), LATEST)
    except (OverflowError, ValueError):
        return LATEST


def add_months(day: date, months: int) -> date:
    """The same day of a later month, clamped to that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
