"""Rules and entries of the list as JSON, in which they are published and stored.

Fields that a reader does not know are passed over and fields that it misses have their defaults, so that
two versions of the program can run side by side while one replaces the other.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson

from domain.risk.rules import Effect, Limit, OnError, Outcome, Rollout, Rule, RuleSet, Spread, StrikePolicy, Verdict
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Entry, Immunity, Snooze

T = TypeVar("T")
_EFFECTS: Mapping[type, str] = {Limit: "limit", Verdict: "verdict", Spread: "spread"}


def rules_to_json(rule_set: RuleSet) -> bytes:
    """One document; the same rules give the same bytes."""
    rules = [_plain(rule) | {"effect": {_EFFECTS[type(rule.effect)]: rule.effect}} for rule in rule_set.rules]
    return orjson.dumps({"revision": rule_set.revision, "rules": rules}, option=orjson.OPT_SORT_KEYS)


def rules_from_json(document: bytes) -> RuleSet:
    """The rules of a document. Raises ValueError if it is none, or half of one."""
    try:
        fields = orjson.loads(document)
        return RuleSet(int(fields["revision"]), tuple(_rule(rule) for rule in fields["rules"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no rule set: {error!r}") from error


def entry_to_json(entry: Entry) -> bytes:
    return orjson.dumps(entry)


def entry_from_json(document: bytes) -> Entry:
    """The entry of a document. Raises ValueError if it is none."""
    try:
        fields = orjson.loads(document)
        known = _known(Entry, fields) | {
            "subject": Subject(SubjectKind(fields["subject"]["kind"]), fields["subject"]["value"]),
            "state": State(fields["state"]),
            "snoozes": tuple(Snooze(**_known(Snooze, one)) for one in fields.get("snoozes", ())),
            "immunities": tuple(Immunity(**_known(Immunity, one)) for one in fields.get("immunities", ())),
        }
        return Entry(**known)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no entry: {error!r}") from error


def _rule(fields: Mapping[str, Any]) -> Rule:
    strikes = fields.get("strikes")
    known = _known(Rule, fields) | {
        "effect": _effect(fields["effect"]),
        "scenes": tuple(fields.get("scenes", ())),
        "rollout": _rollout(fields.get("rollout", {})),
        "strikes": StrikePolicy(**_known(StrikePolicy, strikes)) if strikes else None,
        "on_error": OnError(fields.get("on_error", OnError.OFF)),
    }
    return Rule(**known)


def _rollout(fields: Mapping[str, Any]) -> Rollout:
    return Rollout(**_known(Rollout, fields) | {"shadow_scenes": tuple(fields.get("shadow_scenes", ()))})


def _effect(fields: Mapping[str, Any]) -> Effect:
    ((kind, effect),) = fields.items()
    match kind:
        case "limit":
            key = tuple(SubjectKind(one) for one in effect["key"])
            return Limit(**_known(Limit, effect) | {"key": key})
        case "verdict":
            return Verdict(Outcome(effect["outcome"]), effect["reason"])
        case "spread":
            return Spread(**_known(Spread, effect) | {"across": SubjectKind(effect["across"])})
        case _:
            raise ValueError(f"no such effect: {kind}")


def _known(kind: type[T], fields: Mapping[str, Any]) -> dict[str, Any]:
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]  # all of them are dataclasses
    return {name: value for name, value in fields.items() if name in names}


def _plain(one: object) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}  # type: ignore[attr-defined]  # as above
