"""Until when earned points can be spent: always through the end of a local day, as identities (ID-16)."""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.honey.windows import Window, turn_of
from domain.shared.instants import (
    DAY,
    LATEST,
    Instant,
    Period,
    add,
    midnight,
    midnight_after,
    midnight_at_or_before,
)

_LAST = LATEST - 2 * DAY
"""No zone has a calendar for much more."""

ROUNDED_TO = frozenset({Window.DAY, Window.MONTH, Window.QUARTER, Window.YEAR})


@dataclass(frozen=True, slots=True)
class Rolling:
    """So long after they became active, and then to the end of the day, month, quarter or year."""

    period: Period
    end_of: Window = Window.DAY


@dataclass(frozen=True, slots=True)
class FixedDates:
    """Through the first of these dates that is not over when they become active."""

    dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Sliding:
    """As long as the member is active: through the end of the day so long after the last day of it."""

    period: Period
    """In days or longer units."""


Expiry = Rolling | FixedDates | Sliding


def expires(expiry: Expiry | None, active_from: Instant, zone: str) -> Instant | None:
    """The first instant at which they can no longer be spent; None: never.

    With dates that are all over it is not after `active_from`.
    """
    match expiry:
        case None:
            return None
        case Rolling(period, end_of):
            return turn_of(end_of, add(active_from, period, zone), zone)
        case Sliding(period):
            return slid(period, active_from, zone)
        case FixedDates(dates):
            ends = [midnight(day + timedelta(days=1), zone) for day in dates]
            return min((end for end in ends if end > active_from), default=max(ends))


def prolonged(period: Period, known: Instant, active: Instant, zone: str) -> Instant:
    """When points expire whose member was active again: never sooner than before. What expired stays so."""
    return known if known <= active else max(known, slid(period, active, zone))


def slid(period: Period, active: Instant, zone: str) -> Instant:
    """When points expire whose member was active last then: the same for all instants of one day."""
    if active > _LAST:
        return LATEST
    last_day = add(midnight_at_or_before(active, zone), period, zone)
    return LATEST if last_day > _LAST else midnight_after(last_day, zone)


def sliding_of(expiry: Expiry | None) -> Period | None:
    """How long points live on after their member was active; None: they do not."""
    return expiry.period if isinstance(expiry, Sliding) else None
