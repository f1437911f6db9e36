"""What a member was told of the tier, and is therefore given, whatever we come to know later.

The tier at an instant is a function of the qualifying movements up to it (HO-13), as far as they are known.
Points that we hear of late can only raise it. A reversal that we hear of late would lower it, also in a
period that has begun: there the member keeps what was told before, until the end of that period, and the next
begins by what is known then. So the past is computed once for what was known before each late reversal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.honey.qualifying import Movement
from domain.honey.tier_periods import Periods, periods_of
from domain.honey.tier_rules import TierRules
from domain.honey.tier_seasons import Floor, Season, seasons
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Promise:
    """A tier that a member does not fall below for a time: under rules that were replaced, or as a gift."""

    tier_id: str
    since: Instant
    until: Instant
    """The first instant at which it no longer holds."""


@dataclass(frozen=True, slots=True)
class History:
    """Periods by number, as they were known at one instant."""

    periods: Periods
    known: Sequence[Movement]
    """Up to the instant that was asked for."""
    given: dict[int, Season]
    """What the member has."""
    due: dict[int, Season]
    """What the member would have by the movements alone."""


def history(
    rules: TierRules,
    movements: Sequence[Movement],
    at: Instant,
    known_at: Instant,
    promises: Sequence[Promise] = (),
) -> History:
    """Up to the period after that of `at`, as if nothing came after `at`."""
    known = [movement for movement in movements if movement.recorded <= known_at]
    otherwise = min((promise.since for promise in promises), default=at)
    periods = periods_of(rules, _until(max(at, known_at), known), otherwise)
    floors = [Floor(rules.rung_of(each.tier_id), each.since, each.until) for each in promises]
    told = dict[int, Season]()
    for moment in sorted({movement.recorded - 1 for movement in known if movement.is_late_reversal}):
        heard = [movement for movement in known if movement.recorded <= moment]
        told = seasons(rules, periods, _until(moment, heard), moment, told, floors)
        told.popitem()  # Of the period that follows nothing was promised.
    happened = _until(at, known)
    due = seasons(rules, periods, happened, at, {})
    given = seasons(rules, periods, happened, at, told, floors) if told or floors else due
    return History(periods, happened, given, due)


def _until(moment: Instant, movements: Sequence[Movement]) -> list[Movement]:
    return [movement for movement in movements if movement.effective <= moment]
