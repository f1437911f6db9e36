"""Where a piece of time ends, once it is known where it starts.

A *run* is a chain of whole terms of one unit and one end rounding, each starting at the end of the
one before: all are counted from the anchor of the first, so that a run never drifts (31 January, then
28 February, then 31 March). A *rest* is what is left of a term that was cut.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.identity.catalog import EndRounding, FixedPeriod
from domain.identity.terms import Length
from domain.shared.instants import (
    Instant,
    Period,
    Unit,
    add,
    is_midnight,
    local_date,
    midnight,
    midnight_after,
    midnight_at_or_before,
)


@dataclass(frozen=True, slots=True)
class Run:
    """A chain of whole terms, counted from its anchor in units of one family."""

    anchor: Instant
    count: int
    unit: Unit
    rounding: EndRounding
    zone: str
    purchase_start: bool

    def takes(self, length: Length) -> bool:
        return (
            length.joins_runs
            and length.period.family is self.unit
            and length.end_rounding is self.rounding
            and length.zone == self.zone
        )

    def grown_by(self, count: int) -> "Run":
        return Run(self.anchor, self.count + count, self.unit, self.rounding, self.zone, self.purchase_start)

    @property
    def end(self) -> Instant:
        raw = add(self.anchor, Period(self.count, self.unit), self.zone)
        if self.rounding is EndRounding.EXACT:
            return raw
        counts_first_day = is_midnight(self.anchor, self.zone) and not self.purchase_start
        if counts_first_day and is_midnight(raw, self.zone):
            return raw
        return midnight_after(raw, self.zone)


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a cut term: microseconds (EXACT) or whole local days (END_OF_LOCAL_DAY)."""

    zone: str
    days: int = 0
    us: int = 0

    def end_from(self, start: Instant) -> Instant:
        if not self.days:
            return start + self.us
        last = add(start, Period(self.days, Unit.DAY), self.zone)
        return last if is_midnight(start, self.zone) else midnight_after(last, self.zone)

    @property
    def nothing(self) -> bool:
        return self.days <= 0 and self.us <= 0


def end_of_term(
    length: Length, start: Instant, before: Run | None, purchase_start: bool
) -> tuple[Instant, Run | None]:
    """The end of a whole term that starts at `start`, and the run that it is part of, if any.

    `before` is the run that ends at `start`.
    """
    if length.fixed_period:
        return _lengthened(_end_of_fixed_period(length.fixed_period, start, length.zone), length), None
    count = length.period.count * (12 if length.period.unit is Unit.YEAR else 1)
    if before and before.takes(length):
        run = before.grown_by(count)
    else:
        run = Run(start, count, length.period.family, length.end_rounding, length.zone, purchase_start)
    return _lengthened(run.end, length), run if length.joins_runs else None


def rest_of(length: Length, end: Instant, cut: Instant) -> Rest:
    """What is left at `cut` of a piece that would end at `end`. A day that has begun is used up."""
    if length.end_rounding is EndRounding.EXACT:
        return Rest(length.zone, us=end - cut)
    begun = 0 if is_midnight(cut, length.zone) else 1
    days = (local_date(end, length.zone) - local_date(cut, length.zone)).days - begun
    return Rest(length.zone, days=max(days, 0))


def shortened(length: Length, end: Instant) -> Instant:
    """An end that falls inside a day, rounded down as the SKU's ends are."""
    return end if length.end_rounding is EndRounding.EXACT else midnight_at_or_before(end, length.zone)


def _lengthened(end: Instant, length: Length) -> Instant:
    if length.extra_days:
        end = add(end, Period(length.extra_days, Unit.DAY), length.zone)
    return end + length.extra_us


def _end_of_fixed_period(fixed: FixedPeriod, start: Instant, zone: str) -> Instant:
    today = local_date(start, zone)
    opens = _latest(fixed.start, today)
    rolls_over = _latest(fixed.roll_over, today)
    periods = 2 if opens <= rolls_over else 1
    return midnight(date(opens.year + periods, *fixed.start), zone)


def _latest(month_day: tuple[int, int], today: date) -> date:
    this_year = date(today.year, *month_day)
    return this_year if this_year <= today else date(today.year - 1, *month_day)


def valid_through(end: Instant, zone: str) -> date:
    """The last local day on which something that ends at `end` still holds at 23:59:59 (ID-16)."""
    day = local_date(end, zone)
    last_second = midnight(day + timedelta(days=1), zone) - 1_000_000
    return day if last_second < end else day - timedelta(days=1)
