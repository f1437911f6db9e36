"""What other services and the member hear of a tier. Fields are plain: they are the stored format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.honey.qualifying import Movement
from domain.honey.tier_history import Promise, history
from domain.honey.tier_rules import TierRules
from domain.honey.tier_seasons import Tally
from domain.honey.tiers import TierStatus, tier_at
from domain.shared.instants import Instant, add


@dataclass(frozen=True, slots=True)
class TierRaised:
    """The member has a higher tier."""

    tier_id: str
    previous_tier_id: str
    at: Instant
    until: Instant | None
    """Promised until then; None: for ever."""


@dataclass(frozen=True, slots=True)
class TierLowered:
    """A period, or the grace after it, has ended without enough points."""

    tier_id: str
    previous_tier_id: str
    at: Instant
    until: Instant | None


@dataclass(frozen=True, slots=True)
class TierKept:
    """The same tier is promised for longer."""

    tier_id: str
    at: Instant
    until: Instant | None


@dataclass(frozen=True, slots=True)
class TierAtRisk:
    """Points were taken back on which the tier rests. It is kept for as long as it was promised."""

    tier_id: str
    falls_to_tier_id: str
    """If nothing more comes."""
    at: Instant
    until: Instant
    """When it falls, then."""


TierEvent = TierRaised | TierLowered | TierKept | TierAtRisk


def tier_events(
    rules: TierRules,
    movements: Sequence[Movement],
    after: Instant,
    until: Instant,
    promises: Sequence[Promise] = (),
) -> list[TierEvent]:
    """What was to be told after one instant and until another, in order.

    It does not matter how the time is split, or how late one asks (HO-11): each event is of the instant at
    which it could be known, and what was recorded after `until` is told later.
    """
    before, events = tier_at(rules, movements, after, after, promises), list[TierEvent]()
    for turn in turns(rules, movements, after, until, promises):
        now = tier_at(rules, movements, turn, turn, promises)
        events += told_between(rules, before, now, turn)
        before = now
    return events


def next_turn(
    rules: TierRules, movements: Sequence[Movement], now: Instant, promises: Sequence[Promise] = ()
) -> Instant | None:
    """Nothing is to be told before this unless a movement comes; None: not until then."""
    status = tier_at(rules, movements, now, now, promises)
    ahead = [*Tally(history(rules, movements, now, now).known).instants]
    ahead += [movement.effective for movement in movements]
    ahead += [promise.since for promise in promises]
    if status.rung == status.following == 0 and not any(instant > now for instant in ahead):
        return None
    return turns(rules, movements, now, status.period_end, promises)[0]


def turns(
    rules: TierRules,
    movements: Sequence[Movement],
    after: Instant,
    until: Instant,
    promises: Sequence[Promise] = (),
) -> list[Instant]:
    """The instants after one and until another at which something may change, in order.

    Also where nothing changes by what is known now, if something did by what was known then: a grace that
    ended, or a promise, before the points came to our knowledge that make up for it.
    """
    seen = history(rules, movements, until, until, promises)
    found = {movement.recorded for movement in movements}
    found |= set(Tally(seen.known).instants)
    found |= {edge for promise in promises for edge in (promise.since, promise.until)}
    for season in (*seen.given.values(), *seen.due.values()):
        found |= {season.start, add(season.start, rules.grace, rules.zone)}
        found |= {since for since, _ in season.rungs}
    return sorted(instant for instant in found if after < instant <= until)


def told_between(rules: TierRules, before: TierStatus, now: TierStatus, at: Instant) -> Iterator[TierEvent]:
    """What is told of two states that follow each other."""
    if now.rung > before.rung:
        yield TierRaised(now.tier_id, before.tier_id, at, now.until)
    elif now.rung < before.rung:
        yield TierLowered(now.tier_id, before.tier_id, at, now.until)
    elif now.until != before.until:
        yield TierKept(now.tier_id, at, now.until)
    weaker = now.following < before.following or now.supported < before.supported
    if now.until is not None and weaker and now.is_at_risk and now.period_start == before.period_start:
        falls_to = rules.tiers[now.following].tier_id
        yield TierAtRisk(now.tier_id, falls_to, at, now.until)
