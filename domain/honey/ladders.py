"""Tiers while their rules change: each ladder holds from an instant on; what was promised before is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from domain.honey.qualifying import Movement
from domain.honey.tier_events import TierEvent, next_turn, tier_events, told_between
from domain.honey.tier_history import Promise
from domain.honey.tier_rules import TierRules
from domain.honey.tiers import TierStatus, tier_at
from domain.shared.instants import LATEST, Instant

NEVER = 2**62
"""More points than anybody can have."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers of a programme, from an instant on."""

    since: Instant
    rules: TierRules


@dataclass(frozen=True, slots=True)
class Climb:
    """One member on all ladders of a programme, in the order in which they held. There is at least one."""

    ladders: Sequence[Ladder]
    movements: Sequence[Movement]

    def now(self, now: Instant) -> Instant:
        """What is known counts, also if the clock that recorded it is ahead of ours."""
        return max([now, *(movement.recorded for movement in self.movements)])

    def status(self, at: Instant) -> TierStatus:
        """By what was known then, and by the ladder of then; of the time before the first ladder: by that."""
        return tier_at(self._ladder(at).rules, self.movements, at, at, self._promises(at))

    def previewed(self, points: int, now: Instant) -> TierStatus:
        """If so many points came now."""
        return Climb(self.ladders, [*self.movements, Movement(points, now, now)]).status(now)

    def told(self, after: Instant, until: Instant) -> list[TierEvent]:
        """What was to be told after one instant and until another, in order; see `tier_events`."""
        events, start = list[TierEvent](), after
        for before, ladder in pairwise(self.ladders):
            if not after < ladder.since <= until:
                continue
            events += self._told_by(before, start, ladder.since - 1)
            events += self._told_of_change(before, ladder)
            start = ladder.since
        return [*events, *self._told_by(self._ladder(until), start, until)]

    def next_turn(self, now: Instant) -> Instant | None:
        """Nothing is to be told before this unless a movement or a ladder comes; None: not until then."""
        return next_turn(self._ladder(now).rules, self.movements, now, self._promises(now))

    def room(self, now: Instant) -> tuple[Instant, int]:
        """When the present period began, and how many points of it more come to the next threshold."""
        status = self.status(now)
        above = [tier.threshold - status.points for tier in self._ladder(now).rules.tiers]
        return status.period_start, min((points for points in above if points > 0), default=NEVER)

    def _told_by(self, ladder: Ladder, after: Instant, until: Instant) -> list[TierEvent]:
        return tier_events(ladder.rules, self.movements, after, until, self._promises(until))

    def _told_of_change(self, before: Ladder, after: Ladder) -> list[TierEvent]:
        """The new ladder may be easier. It is never harder on whoever was promised something."""
        at = after.since
        was = tier_at(before.rules, self.movements, at, at, self._promises(at - 1))
        was = replace(was, rung=after.rules.rung_of(was.tier_id))
        return list(told_between(after.rules, was, self.status(at), at))

    def _ladder(self, at: Instant) -> Ladder:
        return next((each for each in reversed(self.ladders) if each.since <= at), self.ladders[0])

    def _promises(self, until: Instant) -> list[Promise]:
        """What ladders that were replaced by an instant had promised."""
        found = list[Promise]()
        for before, after in pairwise(self.ladders):
            if after.since > until:
                break
            was = tier_at(before.rules, self.movements, after.since, after.since, found)
            if was.rung:
                end = LATEST if was.until is None else was.until
                found.append(Promise(was.tier_id, after.since, end))
        return found
