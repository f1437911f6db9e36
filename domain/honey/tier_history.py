"""What a member was told of the tier, and is therefore given, whatever we come to know later.

The tier at an instant is a function of the qualifying movements up to it (HO-13), as far as they are known.
Points that we hear of late can only raise it. A reversal that we hear of late would lower it, also in a
period that has begun: there the member keeps what was told before, until the end of that period, and the next
begins by what is known then. So the past is computed once for what was known before each late reversal.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from domain.honey.qualifying import Counted, Movement
from domain.honey.tier_periods import Periods, periods_of
from domain.honey.tier_rules import TierRules
from domain.honey.tier_seasons import Floor, Season, Tally, seasons
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
    known: Sequence[Counted]
    """Movements up to the instant that was asked for."""
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
    heard = [movement for movement in movements if movement.recorded <= known_at]
    otherwise = min((promise.since for promise in promises), default=at)
    counting = [movement for movement in heard if movement.effective <= max(at, known_at)]
    periods = periods_of(rules, counting, otherwise)
    known = [periods.counted(movement) for movement in heard]
    floors = [Floor(rules.rung_of(each.tier_id), each.since, each.until) for each in promises]
    told = dict[int, Season]()
    for moment in _when_told_too_much(periods, known):
        told = seasons(rules, periods, _until(moment, moment, known), moment, told, floors)
        told.popitem()  # Of the period that follows nothing was promised.
    happened = _until(at, known_at, known)
    due = seasons(rules, periods, happened, at, {})
    given = seasons(rules, periods, happened, at, told, floors) if told or floors else due
    return History(periods, happened, given, due)


def _when_told_too_much(periods: Periods, known: Sequence[Counted]) -> list[Instant]:
    """The last instants before late reversals were recorded.

    But for those that nothing came between: then no tier was reached by the points that they take back.
    """
    instants, late = Tally(known).instants, set[Instant]()
    for reversal in (each.movement for each in known if each.movement.is_late_reversal):
        moment = reversal.recorded - 1
        between = bisect_right(instants, moment) - bisect_left(instants, reversal.effective)
        if between > 1 or periods.number(reversal.effective) < periods.number(moment):
            late.add(moment)
    return sorted(late)


def _until(at: Instant, known_at: Instant, known: Sequence[Counted]) -> list[Counted]:
    return [each for each in known if each.movement.effective <= at and each.movement.recorded <= known_at]
