"""Until when earned points can be spent: always through the end of a local day, as identities (ID-16)."""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.honey.windows import Window, turn_of
from domain.shared.instants import Instant, Period, add, midnight

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
    """As long as the member is active: so long after the last time, and then to the end of the day."""

    period: Period


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
            return turn_of(Window.DAY, add(active_from, period, zone), zone)
        case FixedDates(dates):
            ends = [midnight(day + timedelta(days=1), zone) for day in dates]
            return min((end for end in ends if end > active_from), default=max(ends))


def prolonged(expiry: Sliding, known: Instant, active: Instant, zone: str) -> Instant:
    """When points expire whose member was active again: never sooner than before. What expired stays so."""
    if known <= active:
        return known
    return max(known, turn_of(Window.DAY, add(active, expiry.period, zone), zone))
