"""What changed between two rule sets, and which rules get a new version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from domain.risk.rules import Rule, RuleSet


class ChangeKind(StrEnum):
    """How a rule changed."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"


@dataclass(frozen=True)
class RuleChange:
    """One difference, and the fields that differ: `effect.units: 100 -> 50`."""

    kind: ChangeKind
    rule_id: str
    fields: tuple[str, ...] = ()


def numbered(old: RuleSet | None, new: RuleSet, latest: Mapping[str, int]) -> RuleSet:
    """The new rules as the next revision: a rule keeps its version unless it changed or came back.

    `latest` is the highest version that each rule ever had.
    """
    before = {rule.rule_id: rule for rule in old.rules} if old else {}
    rules = []
    for rule in new.rules:
        known = before.get(rule.rule_id)
        same = known is not None and replace(rule, version=known.version) == known
        rules.append(known if known and same else replace(rule, version=latest.get(rule.rule_id, 0) + 1))
    return RuleSet((old.revision if old else 0) + 1, tuple(rules))


def diff(old: RuleSet | None, new: RuleSet) -> list[RuleChange]:
    """Every difference but versions, by id."""
    before = {rule.rule_id: rule for rule in old.rules} if old else {}
    after = {rule.rule_id: rule for rule in new.rules}
    return list(_changes(before, after))


def _changes(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> Iterator[RuleChange]:
    for rule_id in sorted({*before, *after}):
        if rule_id not in before:
            yield RuleChange(ChangeKind.ADDED, rule_id)
        elif rule_id not in after:
            yield RuleChange(ChangeKind.REMOVED, rule_id)
        elif found := tuple(_differences("", before[rule_id], after[rule_id])):
            yield RuleChange(ChangeKind.CHANGED, rule_id, found)


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if is_dataclass(old) and type(old) is type(new):
        for field in fields(old):
            before, after = getattr(old, field.name), getattr(new, field.name)
            if field.name != "version":
                yield from _differences(f"{path}.{field.name}" if path else field.name, before, after)
    elif old != new:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if is_dataclass(value):
        inner = " ".join(f"{field.name}={_shown(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__name__}({inner})"
    return str(value)
