"""Caps: how many points a rule gives at most, and the counters that know how many it gave already.

A counter counts what events of its window earned, less what of it was taken back in that window (HO-10).
Whoever keeps the counters adds what an event takes in the transaction that posts it, and refuses if one would
come to more than its cap.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from domain.honey.windows import Window, start_of
from domain.shared.instants import Instant


class Scope(StrEnum):
    """Whose earnings count together."""

    MEMBER = "MEMBER"
    EVERYBODY = "EVERYBODY"
    """A budget."""


class Over(StrEnum):
    """What becomes of an event that would earn more."""

    CUT = "CUT"
    """It earns what is left."""
    REJECT = "REJECT"
    """It earns nothing by this rule."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many points of a rule in each window."""

    points: int
    window: Window
    scope: Scope = Scope.MEMBER
    over: Over = Over.CUT


class Counter(NamedTuple):
    """Names one counter: of one member, or of everybody. It lives through new versions of the rule."""

    rule_id: str
    scope: Scope
    window: Window
    start: Instant


Counted = Mapping[Counter, int]
"""What is not mentioned has counted nothing."""


@dataclass(frozen=True, slots=True)
class Taking:
    """So many points that an event adds to a counter, which must not come to more than its cap by that."""

    counter: Counter
    points: int
    most: int


@dataclass(frozen=True, slots=True)
class Limited:
    """What caps leave of the points of an event."""

    points: int
    room: int | None
    """What the caps that cut would have let through; None: anything."""
    by: Cap | None
    """The one that left so little; None: nothing was lost."""


def counter_of(rule_id: str, cap: Cap, occurred: Instant, zone: str) -> Counter:
    """Which counter an event of that instant counts in. That of a single event has never counted anything."""
    return Counter(rule_id, cap.scope, cap.window, start_of(cap.window, occurred, zone))


def limited(points: int, rooms: Sequence[tuple[Cap, int]]) -> Limited:
    """With what is left of each cap. Caps that cut come first, so that their order does not matter."""
    cutting = [(room, cap) for cap, room in rooms if cap.over is Over.CUT]
    room, by = min(cutting, key=lambda pair: pair[0], default=(points, None))
    left = min(points, room)
    for cap, rest in rooms:
        if cap.over is Over.REJECT and left > rest:
            return Limited(0, 0, cap)
    return Limited(left, room if by else None, by if left < points else None)


def given_back(takings: Iterable[Taking], points: int, at: Instant, zone: str) -> dict[Counter, int]:
    """By how much counters fall when so many points of an event are taken back: if their window is not over.

    Whoever asks sees to it that no more is taken back than was earned.
    """
    counters = [taking.counter for taking in takings]
    return {each: points for each in counters if points and start_of(each.window, at, zone) == each.start}
