"""What may be wrong with the definitions of tasks."""

import re
from collections.abc import Iterator, Sequence

from domain.honey.earning_check_parts import lasting, one_condition
from domain.honey.earning_check_points import CURRENCY, MOST_AT_ONCE, bounded
from domain.honey.task_rules import Benefit, MembershipDays, Paid, Points, TaskVersion, most_events
from domain.shared.errors import FieldViolation
from domain.shared.money import MAX_AMOUNT

MOST_VERSIONS = 1_000
"""Of all tasks together."""
MOST_EVENTS = 200
"""That can count for one reward: so many ids are remembered of each member and period, at most."""
MOST_CONDITIONS = 8
MOST_DAYS = 366
LONGEST_TITLE = 100
_ID = re.compile(r"[A-Za-z0-9_.-]{1,36}")


def violations(
    before: Sequence[TaskVersion], versions: Sequence[TaskVersion], path: str = "tasks"
) -> list[FieldViolation]:
    """Everything that is wrong with new definitions, all versions of all tasks; `before`: those in force.

    The zone is the programme's to check.
    """
    found = list[FieldViolation]()
    if len(versions) > MOST_VERSIONS:
        found.append(FieldViolation(path, "TOO_MANY", f"at most {MOST_VERSIONS}"))
    for place, task in enumerate(versions):
        found += _version(task, f"{path}[{place}]")
    found += _in_a_row(versions, path)
    found += _unchanged(before, versions, path)
    return found


def _version(task: TaskVersion, at: str) -> Iterator[FieldViolation]:
    if not _ID.fullmatch(task.task_id):
        yield FieldViolation(f"{at}.task_id", "MALFORMED", "1 to 36 letters, digits, `_`, `.`, `-`")
    if not 1 <= len(task.title) <= LONGEST_TITLE:
        yield FieldViolation(f"{at}.title", "OUT_OF_BOUNDS", f"has 1 to {LONGEST_TITLE} characters")
    if not task.scene:
        yield FieldViolation(f"{at}.scene", "REQUIRED", "says which events count")
    if task.closes <= task.opens:
        yield FieldViolation(f"{at}.close_time", "NOT_AFTER_OPEN_TIME", "lies after `open_time`")
    if len(task.conditions) > MOST_CONDITIONS:
        yield FieldViolation(f"{at}.conditions", "TOO_MANY", f"at most {MOST_CONDITIONS}")
    for place, condition in enumerate(task.conditions):
        yield from one_condition(condition, f"{at}.conditions[{place}]")
    yield from _goal(task, f"{at}.goal")
    yield from _reward(task, f"{at}.reward")


def _goal(task: TaskVersion, at: str) -> Iterator[FieldViolation]:
    match task.goal:
        case Paid(target, currency, least):
            if not CURRENCY.fullmatch(currency):
                yield FieldViolation(f"{at}.paid.currency", "MALFORMED", "three capitals, such as CNY")
            wrong = [
                *bounded(f"{at}.paid.target_minor", target, MAX_AMOUNT),
                *bounded(f"{at}.paid.least_minor", least, MAX_AMOUNT),
            ]
            yield from wrong
            if not wrong and most_events(task.goal) > MOST_EVENTS:
                description = (
                    f"is at least one {MOST_EVENTS}th of `target_minor`: no more events are remembered"
                )
                yield FieldViolation(f"{at}.paid.least_minor", "TOO_MANY_EVENTS", description)
        case goal:
            yield from bounded(f"{at}.times", goal.target, MOST_EVENTS)


def _reward(task: TaskVersion, at: str) -> Iterator[FieldViolation]:
    match task.reward:
        case Points(points, expiry):
            yield from bounded(f"{at}.points", points, MOST_AT_ONCE)
            yield from lasting(expiry, f"{at}.points_expiry")
        case Benefit(benefit_id):
            if not benefit_id:
                yield FieldViolation(f"{at}.benefit_id", "REQUIRED", "says which")
        case MembershipDays(sku_id, days):
            if not sku_id:
                yield FieldViolation(f"{at}.membership_days.sku_id", "REQUIRED", "says of which membership")
            yield from bounded(f"{at}.membership_days.days", days, MOST_DAYS)


def _in_a_row(versions: Sequence[TaskVersion], path: str) -> Iterator[FieldViolation]:
    """The versions of a task are 1, 2, 3 …, and each opens after the one before."""
    last = dict[str, TaskVersion]()
    for place, task in enumerate(versions):
        known = last.get(task.task_id)
        expected = known.version + 1 if known else 1
        if task.version != expected:
            description = f"is {expected}, the next of this task in the list"
            yield FieldViolation(f"{path}[{place}].version", "NOT_NEXT", description)
        if known and task.opens <= known.opens:
            description = "lies after that of the version before"
            yield FieldViolation(f"{path}[{place}].open_time", "NOT_AFTER_VERSION_BEFORE", description)
        last[task.task_id] = task


def _unchanged(
    before: Sequence[TaskVersion], versions: Sequence[TaskVersion], path: str
) -> Iterator[FieldViolation]:
    """Members have made progress with what there was."""
    found = {(task.task_id, task.version): (place, task) for place, task in enumerate(versions)}
    for task in before:
        place, now = found.get((task.task_id, task.version), (None, task))
        if place is None:
            description = f"version {task.version} of {task.task_id} is missing: members may have begun it"
            yield FieldViolation(path, "VERSION_LEFT_OUT", description)
        elif now != task:
            description = f"version {task.version} of {task.task_id} was another: make it a new version"
            yield FieldViolation(f"{path}[{place}]", "VERSION_CHANGED", description)
