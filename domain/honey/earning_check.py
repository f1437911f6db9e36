"""What is wrong with earning rules: everything, not the first."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from domain.honey.earning_check_parts import conditions, life, limits
from domain.honey.earning_check_points import award, multipliers, size
from domain.honey.earning_rules import EarningRule, EarningRules, Scene
from domain.shared.errors import FieldViolation

MOST_SCENES = 64
MOST_RULES = 50
"""In one scene: so many times what one rule gives for one event at most is still what a wallet can have."""
MOST_VERSION = 2**31 - 1

_SCENE_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_RULE_ID = re.compile(r"[a-z][a-z0-9_]{0,35}")
_MERCHANT_ID = re.compile(r"[A-Za-z0-9_.:-]{0,36}")
_MOST_SCENE_CHARACTERS = 64
_FARTHEST_PRIORITY = 100


def violations(
    rules: EarningRules, before: EarningRules | None = None, path: str = "rules"
) -> list[FieldViolation]:
    """Of rules that follow others; `path` names them in the request. The zone is the programme's to check."""
    found = [*_scenes(rules, path)]
    found += _duplicates(rules, path)
    found += _versions(rules, before, path) if before else []
    return found


def _scenes(rules: EarningRules, path: str) -> Iterator[FieldViolation]:
    if len(rules.scenes) > MOST_SCENES:
        yield FieldViolation(f"{path}.scenes", "TOO_MANY", f"at most {MOST_SCENES}")
    for place, scene in enumerate(rules.scenes):
        at = f"{path}.scenes[{place}]"
        if len(scene.scene_id) > _MOST_SCENE_CHARACTERS or not _SCENE_ID.fullmatch(scene.scene_id):
            description = f"such as `order.paid`, at most {_MOST_SCENE_CHARACTERS} characters"
            yield FieldViolation(f"{at}.scene_id", "MALFORMED", description)
        if not 1 <= len(scene.rules) <= MOST_RULES:
            yield FieldViolation(f"{at}.rules", "OUT_OF_BOUNDS", f"has 1 to {MOST_RULES} entries")
        for number, rule in enumerate(scene.rules):
            yield from _rule(rule, f"{at}.rules[{number}]")


def _rule(rule: EarningRule, at: str) -> Iterator[FieldViolation]:
    if not _RULE_ID.fullmatch(rule.rule_id):
        description = "a letter, then letters, digits and `_`, all lower case; at most 36"
        yield FieldViolation(f"{at}.rule_id", "MALFORMED", description)
    if not 1 <= rule.version <= MOST_VERSION:
        yield FieldViolation(f"{at}.version", "OUT_OF_BOUNDS", f"lies between 1 and {MOST_VERSION}")
    if rule.starts >= rule.ends:
        yield FieldViolation(f"{at}.end_time", "NOT_AFTER_START_TIME", "lies after `start_time`")
    if not _MERCHANT_ID.fullmatch(rule.merchant_id):
        description = "1 to 36 letters, digits and `_.:-`, or empty: the programme pays"
        yield FieldViolation(f"{at}.merchant_id", "MALFORMED", description)
    if abs(rule.priority) > _FARTHEST_PRIORITY:
        description = f"lies between -{_FARTHEST_PRIORITY} and {_FARTHEST_PRIORITY}"
        yield FieldViolation(f"{at}.priority", "OUT_OF_BOUNDS", description)
    yield from award(rule.award, f"{at}.award")
    yield from multipliers(rule.multipliers, f"{at}.multipliers")
    yield from size(rule, f"{at}.award")
    yield from conditions(rule, f"{at}.conditions")
    yield from limits(rule.caps, f"{at}.caps")
    yield from life(rule, at)


def _duplicates(rules: EarningRules, path: str) -> Iterator[FieldViolation]:
    for scene_id in _twice(scene.scene_id for scene in rules.scenes):
        yield FieldViolation(f"{path}.scenes", "TWICE", f"there is another scene {scene_id}")
    # Also of two scenes: what a rule gave is counted by its id alone.
    for rule_id in _twice(rule.rule_id for scene in rules.scenes for rule in scene.rules):
        yield FieldViolation(f"{path}.scenes", "TWICE", f"there is another rule {rule_id}")


def _versions(rules: EarningRules, before: EarningRules, path: str) -> Iterator[FieldViolation]:
    """Whoever cites a version finds the rule that it was."""
    known = {rule.rule_id: (scene.scene_id, rule) for scene, rule in _all(before)}
    for place, scene in enumerate(rules.scenes):
        for number, rule in enumerate(scene.rules):
            was_of, was = known.get(rule.rule_id, (scene.scene_id, rule))
            same = (was_of, was) == (scene.scene_id, rule)
            if not same and rule.version <= was.version:
                at = f"{path}.scenes[{place}].rules[{number}].version"
                yield FieldViolation(at, "NOT_HIGHER", f"it changed, so it is above {was.version}")


def _all(rules: EarningRules) -> Iterator[tuple[Scene, EarningRule]]:
    return ((scene, rule) for scene in rules.scenes for rule in scene.rules)


def _twice(ids: Iterable[str]) -> list[str]:
    return [each for each, count in Counter(ids).items() if count > 1]
