"""What new rules change, in words: everything, so that no words mean no change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from domain.honey.earning_rules import Scene
from domain.honey.programme import Programme
from domain.honey.tier_rules import TierRules
from domain.honey.words import moment, seconds, words
from domain.shared.instants import EARLIEST, LATEST

T = TypeVar("T")
_CALLED = {"starts": "start_time", "ends": "end_time", "opens": "open_time", "closes": "close_time"}
"""Moments, by their name in the file that an operator writes."""
_MICROSECONDS = ("longest_hold", "reinstatement_window")


def changes(before: Mapping[str, Programme], after: Mapping[str, Programme]) -> list[str]:
    """The order of programmes, scenes and tasks means nothing, so that another is no change."""
    return [*_each("programme", before, after, _programme)]


def _programme(before: Programme, after: Programme) -> Iterator[str]:
    yield from _fields(before, after, "scenes", "tiers", "tasks")
    was = {scene.scene_id: scene for scene in before.scenes}
    yield from _each("scene", was, {scene.scene_id: scene for scene in after.scenes}, _scene)
    yield from _tiers(before.tiers, after.tiers)
    # Of what a version of a task says nothing changes, or it is refused.
    tasks = {f"{task.task_id} {task.version}": task for task in before.tasks}
    yield from _each("task", tasks, {f"{task.task_id} {task.version}": task for task in after.tasks}, _fields)


def _scene(before: Scene, after: Scene) -> Iterator[str]:
    yield from _fields(before, after, "rules")
    was, shall = ({rule.rule_id: rule for rule in scene.rules} for scene in (before, after))
    stayed, now = [each for each in was if each in shall], [each for each in shall if each in was]
    if stayed != now:
        yield f"rules in the order {', '.join(stayed)} -> {', '.join(now)}"
    for place, (rule_id, rule) in enumerate(shall.items(), 1):
        if rule_id not in was:
            yield f"rule {rule_id} {rule.version} is new, at place {place}"
        elif (known := was[rule_id]) != rule:
            told = [*_fields(known, rule, "version")] or ["nothing else"]
            yield from _below(f"rule {rule_id} {known.version} -> {rule.version}", told)
    yield from (f"rule {rule_id} is removed" for rule_id in was if rule_id not in shall)


def _tiers(before: TierRules | None, after: TierRules | None) -> Iterator[str]:
    if before and after:
        yield from _below("tiers", _fields(before, after, "tiers", "zone"))
        was = {tier.tier_id: tier for tier in before.tiers}
        yield from _each("tier", was, {tier.tier_id: tier for tier in after.tiers}, _fields)
    elif before != after:
        yield "tiers are removed" if before else "tiers are new"


def _each(
    kind: str, before: Mapping[str, T], after: Mapping[str, T], changed: Callable[[T, T], Iterable[str]]
) -> Iterator[str]:
    """Of things that are known by a name."""
    for name in {**before, **after}:
        if name not in before:
            yield f"{kind} {name} is new"
        elif name not in after:
            yield f"{kind} {name} is removed"
        else:
            yield from _below(f"{kind} {name}", changed(before[name], after[name]))


def _fields(before: Any, after: Any, *but: str) -> Iterator[str]:
    """Of two of the same class."""
    for field in fields(before):
        was, shall = getattr(before, field.name), getattr(after, field.name)
        if was != shall and field.name not in but:
            name = _CALLED.get(field.name, field.name)
            yield f"{name} {_told(field.name, was)} -> {_told(field.name, shall)}"


def _told(name: str, value: Any) -> str:
    if name in _MICROSECONDS:
        return seconds(value)
    if name in _CALLED:
        return "none" if value in (EARLIEST, LATEST) else moment(value)
    return words(value)


def _below(where: str, told: Iterable[str]) -> Iterator[str]:
    return (f"{where}: {each}" for each in told)
