"""On which rung of the ladder a member stands, period by period, as a function of the movements alone."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.honey.qualifying import Counted
from domain.honey.tier_periods import Periods
from domain.honey.tier_rules import Effect, TierRules
from domain.shared.instants import Instant, add


@dataclass(frozen=True, slots=True)
class Season:
    """One period of a member."""

    start: Instant
    end: Instant
    decided: int
    """The rung by the points at the end of the period before, as far as it may go down; grace aside."""
    rungs: tuple[tuple[Instant, int], ...]
    """From which instant on which rung; the first from the start."""

    def rung_at(self, at: Instant) -> int:
        """At an instant of this period."""
        return next(rung for since, rung in reversed(self.rungs) if since <= at)

    def falls_after(self, at: Instant) -> Instant | None:
        """When it is first lower than at an instant of this period; None: not before the end."""
        rung = self.rung_at(at)
        return next((since for since, later in self.rungs if since > at and later < rung), None)


@dataclass(frozen=True, slots=True)
class Floor:
    """A rung that a member does not fall below, whatever the points are."""

    rung: int
    start: Instant
    end: Instant


class Tally:
    """Qualifying points as time goes by."""

    def __init__(self, counted: Iterable[Counted]) -> None:
        steps = list[tuple[Instant, int]]()
        for each in counted:
            if each.movement.effective < each.until:
                steps.append((each.movement.effective, each.movement.points))
                steps.append((each.until, -each.movement.points))
        self._steps = sorted(steps)
        self._done = 0
        self.points = 0
        """That count at the instant up to which it has come."""
        self.instants: Sequence[Instant] = [instant for instant, _ in self._steps]
        """At which the points change, in order."""

    def between(self, start: Instant, end: Instant) -> Sequence[Instant]:
        """Those of a half-open interval."""
        return self.instants[bisect_left(self.instants, start) : bisect_left(self.instants, end)]

    def go_to(self, instant: Instant) -> None:
        """To an instant that is not before the last one, what changes at it included."""
        while self._done < len(self._steps) and self._steps[self._done][0] <= instant:
            self.points += self._steps[self._done][1]
            self._done += 1


def seasons(
    rules: TierRules,
    periods: Periods,
    counted: Iterable[Counted],
    at: Instant,
    told: Mapping[int, Season],
    floors: Sequence[Floor] = (),
) -> dict[int, Season]:
    """All periods by number, from the first in which something happened to the one after that of `at`.

    `told` is what the member was told of periods already, and does not stand lower in them than it says.
    """
    tally = Tally(counted)
    begins = [at, *tally.instants[:1], *(season.start for season in told.values())]
    first = periods.number(min([*begins, *(floor.start for floor in floors)]))
    made, rung = dict[int, Season](), 0
    for number in range(first, periods.number(at) + 2):
        start, end = periods.start(number), periods.start(number + 1)
        tally.go_to(start - 1)
        decided = rules.following(rung, tally.points)
        kept = [Floor(rung, start, add(start, rules.grace, rules.zone))] if decided < rung else []
        lasting = [*kept, *floors, *(_floors(told[number]) if number in told else ())]
        rungs = _rungs(rules, tally, Floor(decided, start, end), lasting)
        made[number] = Season(start, end, decided, rungs)
        rung = rungs[-1][1]
    return made


def _rungs(
    rules: TierRules, tally: Tally, decided: Floor, floors: Sequence[Floor]
) -> tuple[tuple[Instant, int], ...]:
    start, end, held = decided.start, decided.end, decided.rung
    turns = {start, *tally.between(start, end)}
    turns |= {edge for floor in floors for edge in (floor.start, floor.end)}
    rungs = list[tuple[Instant, int]]()
    for turn in sorted(turn for turn in turns if start <= turn < end):
        tally.go_to(turn)
        if rules.effect is Effect.IMMEDIATE:
            held = max(held, rules.rung(tally.points))
        rung = max([held, *(floor.rung for floor in floors if floor.start <= turn < floor.end)])
        if not rungs or rungs[-1][1] != rung:
            rungs.append((turn, rung))
    return tuple(rungs)


def _floors(season: Season) -> list[Floor]:
    ends = [*(since for since, _ in season.rungs[1:]), season.end]
    return [Floor(rung, since, end) for (since, rung), end in zip(season.rungs, ends, strict=True)]
