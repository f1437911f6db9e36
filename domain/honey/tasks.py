"""How far a member is with a task, and the one reward for it.

Progress is of one version, member and period, and never goes back: what undoes an event later is none of its
business. An event counts once, however often and in whatever order it comes (AP-2): its id is remembered
until the goal is reached, and after that nothing counts. So no more ids are remembered than events can count
before the goal is reached, which `task_check` bounds by the definition.
"""

import hashlib
import json
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from domain.honey.earning_conditions import Quote, unmet
from domain.honey.earning_events import Event
from domain.honey.task_rules import Reward, TaskVersion, worth
from domain.shared.instants import Instant


class ProgressKey(NamedTuple):
    """Each has one reward."""

    programme_id: str
    task_id: str
    version: int
    member_id: str
    period: Instant
    """When it starts."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member is with a version of a task in one period."""

    key: ProgressKey
    """What it is of."""
    value: int = 0
    """Events, or minor units; at most the target."""
    counted: tuple[str, ...] = ()
    """The ids of the events that count, in the order in which they came; empty once the goal is reached."""
    completed: Instant | None = None
    """When it was found that the goal is reached."""
    told: int = 0
    """How many events there were of it."""


@dataclass(frozen=True, slots=True)
class TaskAdvanced:
    """An event brought a goal nearer."""

    key: ProgressKey
    event_id: str
    value: int
    target: int


@dataclass(frozen=True, slots=True)
class TaskCompleted:
    """A goal was reached: the reward is due, once."""

    key: ProgressKey
    event_id: str
    reward_id: str
    """Under which the reward is given."""
    reward: Reward
    completed: Instant


TaskEvent = TaskAdvanced | TaskCompleted


def progress_of(programme_id: str, task: TaskVersion, member_id: str, at: Instant) -> Progress:
    """None yet, in the period of an instant."""
    return Progress(ProgressKey(programme_id, task.task_id, task.version, member_id, task.period(at)))


def reward_id_of(key: ProgressKey) -> str:
    """The same whoever computes it: under this id the reward is given. 32 characters."""
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]


def not_counted(task: TaskVersion, progress: Progress, event: Event, held: Set[str]) -> str:
    """Why an event does not count, in words; empty if it does. `held`: SKUs that the member held then."""
    if event.scene != task.scene:
        return f"scene is {event.scene}"
    if not task.opens <= event.occurred < task.closes:
        return "happened when the task was not open"
    quote = Quote(event.occurred, held)
    if missed := next(filter(None, (unmet(each, event, quote) for each in task.conditions)), ""):
        return missed
    if not worth(task.goal, event):
        return f"paid {event.paid} {event.currency}".rstrip()
    if progress.completed is not None:
        return "the goal was reached before"
    return "counted before" if event.event_id in progress.counted else ""


def advance(
    task: TaskVersion, progress: Progress, event: Event, held: Set[str], now: Instant
) -> tuple[Progress, list[TaskEvent]]:
    """What an event changes: nothing if it does not count.

    A late one counts in the period in which it happened, however long that is over.

    Raises ValueError if `progress` is not that of the task, the member and the period of the event.
    """
    of = progress_of(progress.key.programme_id, task, event.member_id, event.occurred)
    if progress.key != of.key:
        raise ValueError(f"the event is of {of.key}, not of {progress.key}")
    if not_counted(task, progress, event, held):
        return progress, []
    value = min(progress.value + worth(task.goal, event), task.goal.target)
    advanced = TaskAdvanced(progress.key, event.event_id, value, task.goal.target)
    if value < task.goal.target:
        counted = (*progress.counted, event.event_id)
        return replace(progress, value=value, counted=counted, told=progress.told + 1), [advanced]
    completed = TaskCompleted(progress.key, event.event_id, reward_id_of(progress.key), task.reward, now)
    done = replace(progress, value=value, counted=(), completed=now, told=progress.told + 2)
    return done, [advanced, completed]
