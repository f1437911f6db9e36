"""Which tier a member has, until when it is promised, and what the next one takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.honey.qualifying import Movement
from domain.honey.tier_history import History, Promise, history
from domain.honey.tier_rules import Downgrade, TierRules
from domain.honey.tier_seasons import Tally
from domain.shared.instants import EARLIEST, Instant, add


@dataclass(frozen=True, slots=True)
class TierStatus:
    """The tier of a member at an instant."""

    tier_id: str
    rung: int
    """Its place in the ladder, from 0."""
    since: Instant
    """From when on without a break."""
    until: Instant | None
    """No movement whatever takes it away before this; None: never."""
    points: int
    """Qualifying points that count."""
    period_start: Instant
    period_end: Instant
    """Then it is decided anew."""
    next_tier_id: str
    """The tier above; empty at the top."""
    missing: int
    """So many points more suffice for the tier above; 0 at the top."""
    following: int
    """The rung on which the next period begins if nothing more comes."""
    supported: int
    """The rung by the movements alone: lower if the tier is kept because it was promised."""

    @property
    def is_at_risk(self) -> bool:
        """Whether it is lost when the period ends, or the grace after it, unless more points come."""
        return self.until is not None and self.following < self.rung


def tier_at(
    rules: TierRules,
    movements: Sequence[Movement],
    at: Instant,
    known_at: Instant,
    promises: Sequence[Promise] = (),
) -> TierStatus:
    """The tier at an instant, by what was known at another; `movements` are all, in any order.

    With `known_at` = `at` it is what the member was told then; with a later one, what we know now, which is
    never lower; with an earlier one, or `at` in the future, what it will be if nothing more comes.
    """
    seen = history(rules, movements, at, known_at, promises)
    number = seen.periods.number(at)
    season, after = seen.given[number], seen.given[number + 1]
    rung = season.rung_at(at)
    tally = Tally(seen.known)
    tally.go_to(at)
    above = rules.tiers[rung + 1] if rung < rules.top else None
    return TierStatus(
        tier_id=rules.tiers[rung].tier_id,
        rung=rung,
        since=_since(seen, at),
        until=_until(rules, seen, at),
        points=tally.points,
        period_start=season.start,
        period_end=season.end,
        next_tier_id=above.tier_id if above else "",
        missing=max(above.threshold - tally.points, 0) if above else 0,
        following=after.decided,
        supported=seen.due[number].rung_at(at),
    )


def preview(
    rules: TierRules,
    movements: Sequence[Movement],
    points: int,
    now: Instant,
    promises: Sequence[Promise] = (),
) -> TierStatus:
    """The tier if so many points came now."""
    return tier_at(rules, [*movements, Movement(points, now, now)], now, now, promises)


def _since(seen: History, at: Instant) -> Instant:
    """Through how many periods before it was the rung the same?"""
    number = seen.periods.number(at)
    rung, since = seen.given[number].rung_at(at), EARLIEST
    for season in reversed([seen.given[each] for each in seen.given if each <= number]):
        for begins, stood in reversed(season.rungs):
            if begins > at:
                continue
            if stood != rung:
                return since
            since = begins
    return since if rung else EARLIEST


def _until(rules: TierRules, seen: History, at: Instant) -> Instant | None:
    """What is promised in one period is promised to its end, and through the grace that follows."""
    season = seen.given[seen.periods.number(at)]
    if season.rung_at(at) == 0 or rules.downgrade is Downgrade.NONE:
        return None
    return season.falls_after(at) or add(season.end, rules.grace, rules.zone)
