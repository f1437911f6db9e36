"""Where an item of a lane ends, given where it starts.

An item is a whole term, or the rest of one that was cut. Semantics 2.1 "Day cards", "Fixed-period cards"
and their settled readings; R3, R5, R8 to R11.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.facts import Card, Term, Termination
from tests.oracle.local_time import (
    DAY,
    add,
    day_of,
    is_midnight,
    midnight,
    midnight_after,
    midnight_before,
    months_of,
)


@dataclass(frozen=True)
class Rest:
    """What a cut left: whole local days for END_OF_LOCAL_DAY, microseconds for EXACT (R5)."""

    days: int = 0
    us: int = 0

    def __bool__(self) -> bool:
        return self.days > 0 or self.us > 0

    @property
    def length(self) -> int:
        """In microseconds, a day counted as 24 hours."""
        return self.days * DAY + self.us


@dataclass(frozen=True)
class Run:
    """A chain of whole terms of one unit: ends are counted from its anchor."""

    anchor: int
    from_purchase: bool
    count: int
    unit: str
    end_of_day: bool


def rest_of(card: Card, cut: int, end: int) -> Rest:
    """What is left of a card that would have ended at `end`, cut at `cut`."""
    if not card.end_of_day:
        return Rest(us=max(0, end - cut))
    days = (day_of(end, card.zone) - day_of(cut, card.zone)).days
    return Rest(days=max(0, days if is_midnight(cut, card.zone) else days - 1))


def rest_end(card: Card, rest: Rest, start: int) -> int:
    """The end of a rest laid at `start`."""
    if not card.end_of_day:
        return start + rest.us
    end = add(start, rest.days, "DAY", card.zone)
    return end if is_midnight(start, card.zone) else midnight_after(end, card.zone)


def run_with(before: Run | None, term: Term, start: int, from_purchase: bool) -> Run:
    """The run that a whole term belongs to, `before` being the run that ends exactly at its start (R9)."""
    card = term.card
    unit, count = _family(term)
    if before and (before.unit, before.end_of_day) == (unit, card.end_of_day):
        return Run(before.anchor, before.from_purchase, before.count + count, unit, card.end_of_day)
    return Run(start, from_purchase, count, unit, card.end_of_day)


def _family(term: Term) -> tuple[str, int]:
    if term.unit in ("MONTH", "YEAR"):
        return "MONTH", months_of(term.count, term.unit)
    return term.unit, term.count


def run_end(run: Run, zone: str) -> int:
    """R10: the day of purchase does not count."""
    end = add(run.anchor, run.count, run.unit, zone)
    if not run.end_of_day:
        return end
    if is_midnight(run.anchor, zone) and not run.from_purchase and is_midnight(end, zone):
        return end
    return midnight_after(end, zone)


def lengthened(term: Term, end: int) -> int:
    """R8: whole local days, then microseconds."""
    return add(end, term.extra_days, "DAY", term.card.zone) + term.extra_us


def period_end(card: Card, start: int) -> int:
    """R11: the end of the yearly period, or of the next one from the roll-over day on."""
    assert card.fixed_period is not None
    first_day, roll_over = card.fixed_period
    year = day_of(start, card.zone).year
    begins = max(
        begin for y in (year - 1, year) if (begin := midnight(date(y, *first_day), card.zone)) <= start
    )
    years = day_of(begins, card.zone).year
    turns = [midnight(date(y, *roll_over), card.zone) for y in (years, years + 1)]
    ends = midnight(date(years + 1, *first_day), card.zone)
    turn = next(one for one in turns if begins <= one < ends)
    return midnight(date(years + 2, *first_day), card.zone) if start >= turn else ends


def trimmed(card: Card, start: int, end: int, terminations: list[Termination]) -> int:
    """The end after these refunds, by instant; those of one instant multiply (R3)."""
    for at in sorted({one.at for one in terminations if one.shortens}):
        if at >= end:
            continue
        keep = Fraction(1)
        for one in terminations:
            if one.at == at and one.shortens:
                keep *= 1 - one.share
        cut = max(at, start)
        end = cut + int(keep * (end - cut))
        if card.end_of_day:
            end = max(cut, midnight_before(end, card.zone))
    return end
