"""Incentive tasks: what is to be done how often or for how much, in which period, and what it brings."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from domain.honey.earning_conditions import Condition
from domain.honey.earning_events import Event
from domain.honey.earning_expiry import Expiry
from domain.honey.windows import DEFAULT_ZONE, Window, start_of, turn_of
from domain.shared.instants import LATEST, Instant


class Rhythm(StrEnum):
    """How often a task can be done."""

    ONCE = "ONCE"
    DAY = "DAY"
    WEEK = "WEEK"
    """From Monday."""
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True)
class Times:
    """So many events, whatever was paid."""

    target: int


@dataclass(frozen=True, slots=True)
class Paid:
    """Events for which so much was paid together."""

    target: int
    """In minor units, as `least` is."""
    currency: str
    least: int
    """An event for which less was paid does not count: so it is known how many events suffice."""


Goal = Times | Paid


@dataclass(frozen=True, slots=True)
class Points:
    """The reward is points."""

    points: int
    expiry: Expiry | None = None
    """None: never."""


@dataclass(frozen=True, slots=True)
class Benefit:
    """The reward is a benefit."""

    benefit_id: str


@dataclass(frozen=True, slots=True)
class MembershipDays:
    """The reward is a membership for so many days."""

    sku_id: str
    days: int


Reward = Points | Benefit | MembershipDays


@dataclass(frozen=True, slots=True)
class TaskVersion:
    """One version of one task. It never changes: what is to be different is the next version."""

    task_id: str
    version: int
    """1, 2, 3 …"""
    title: str
    scene: str
    """Events of it count."""
    goal: Goal
    reward: Reward
    opens: Instant
    """Events count that happened from then on; of the version before they do so no longer."""
    closes: Instant = LATEST
    """The first instant at which what happens no longer counts."""
    rhythm: Rhythm = Rhythm.ONCE
    conditions: tuple[Condition, ...] = ()
    """Of an event that counts, all hold."""
    zone: str = DEFAULT_ZONE

    def period(self, at: Instant) -> Instant:
        """Where the period starts that has this instant; a task that is done once has one, from `opens`."""
        if self.rhythm is Rhythm.ONCE:
            return self.opens
        return start_of(Window(self.rhythm.value), at, self.zone)

    def turn(self, period: Instant) -> Instant:
        """Where the period is over that starts at an instant."""
        if self.rhythm is Rhythm.ONCE:
            return LATEST
        return turn_of(Window(self.rhythm.value), period + 1, self.zone)


def worth(goal: Goal, event: Event) -> int:
    """By how much an event brings a goal nearer; 0: it does not count."""
    match goal:
        case Times():
            return 1
        case Paid(_, currency, least):
            return event.paid if event.currency == currency and event.paid >= max(least, 1) else 0


def most_events(goal: Goal) -> int:
    """After so many events that count the goal is reached, at the latest."""
    match goal:
        case Times(target):
            return target
        case Paid(target, _, least):
            return -(-target // max(least, 1))


def open_tasks(versions: Iterable[TaskVersion], at: Instant) -> list[TaskVersion]:
    """Of each task the version that events of an instant count for, by task id."""
    by_id = sorted(versions, key=lambda version: version.task_id)
    of_each = (in_force(each, at) for _, each in groupby(by_id, key=lambda version: version.task_id))
    return [task for task in of_each if task]


def counts_until(task: TaskVersion, versions: Iterable[TaskVersion], period: Instant) -> Instant | None:
    """The first instant whose events do not count in a period that starts at an instant; None: all do.

    `versions`: those of the task, others do not matter.
    """
    later = (each.opens for each in versions if each.task_id == task.task_id and each.version > task.version)
    end = min([task.turn(period), task.closes, *later])
    return None if end >= LATEST else end


def in_force(versions: Iterable[TaskVersion], at: Instant) -> TaskVersion | None:
    """Of the versions of a task the one that events of an instant count for: the last that had opened.

    None before the first opens, and when it is closed: no older one comes back.
    """
    opened = (version for version in versions if version.opens <= at)
    last = max(opened, key=lambda version: version.version, default=None)
    return last if last and at < last.closes else None
