"""What makes a rule set unfit to be applied: every violation, not the first."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from domain.risk.charging import counted_limit, window_number
from domain.risk.rules import Effect, Limit, Outcome, Rule, RuleSet, Spread, StrikePolicy, Verdict
from domain.risk.subjects import SubjectKind
from domain.shared.errors import FieldViolation
from domain.shared.instants import DAY

MOST_RULES = 200
MOST_SCENES = 32
MOST_SCENE_CHARACTERS = 64
MOST_CONDITION_CHARACTERS = 1000
MOST_TITLE_CHARACTERS = 80
MOST_KEY_KINDS = 4
MOST_STRIKES = 1_000_000
MOST_MEMBERS = 100_000
SHORTEST_WATCH_MS = 1000
LONGEST_WATCH_MS = DAY // 1000
"""Of strikes and spreads, which are found in the log."""

_RULE_ID = re.compile(r"[a-z][a-z0-9_]{0,35}")
_SCENE = re.compile(r"[a-z]+(\.[a-z_]+)*(\.\*)?")

Compile = Callable[[str], str]
"""(condition) → what is wrong with it, or empty."""


def violations(draft: RuleSet, compile_condition: Compile) -> list[FieldViolation]:
    """Everything that makes a rule set unfit, in the order of its fields."""
    found = [*_duplicates(draft.rules)]
    if len(draft.rules) > MOST_RULES:
        found.append(_violation("rules", "TOO_MANY", f"{len(draft.rules)} rules; allowed: {MOST_RULES}"))
    for number, rule in enumerate(draft.rules):
        found += _rule(f"rules[{number}]", rule, compile_condition)
    return found


def _violation(field: str, reason: str, description: str) -> FieldViolation:
    return FieldViolation(f"rule_set.{field}", reason, description)


def _duplicates(rules: Sequence[Rule]) -> Iterator[FieldViolation]:
    for rule_id, count in Counter(rule.rule_id for rule in rules).items():
        if count > 1:
            yield _violation("rules", "DUPLICATE", f"{rule_id} stands {count} times")
    numbers: dict[int, str] = {}
    for rule in rules:
        other = numbers.setdefault(window_number(rule.rule_id), rule.rule_id)
        if other != rule.rule_id:
            yield _violation("rules", "WINDOWS_SHARED", f"{rule.rule_id} would share windows with {other}")


def _rule(field: str, rule: Rule, compile_condition: Compile) -> Iterator[FieldViolation]:
    if not _RULE_ID.fullmatch(rule.rule_id):
        yield _violation(
            f"{field}.rule_id", "MALFORMED", "lower case letters, digits, underscores; at most 36"
        )
    for name, text in (("title", rule.title), ("owner", rule.owner)):
        if not 1 <= len(text) <= MOST_TITLE_CHARACTERS or not text.isprintable():
            description = f"must have 1 to {MOST_TITLE_CHARACTERS} printable characters"
            yield _violation(f"{field}.{name}", "MALFORMED", description)
    yield from _scenes(f"{field}.scenes", rule.scenes)
    yield from _scenes(f"{field}.rollout.shadow_scenes", rule.rollout.shadow_scenes)
    yield from _condition(f"{field}.condition", rule.condition, compile_condition)
    yield from _effect(field, rule, rule.effect)
    yield from _between(f"{field}.rollout.percentage", rule.rollout.percentage, 0, 100)
    if rule.strikes:
        yield from _strikes(f"{field}.strikes", rule.strikes)


def _scenes(field: str, scenes: Sequence[str]) -> Iterator[FieldViolation]:
    if len(scenes) > MOST_SCENES:
        yield _violation(field, "TOO_MANY", f"{len(scenes)} scenes; allowed: {MOST_SCENES}")
    for scene in scenes:
        if len(scene) > MOST_SCENE_CHARACTERS or not _SCENE.fullmatch(scene):
            yield _violation(field, "MALFORMED", f"{scene!r:.80} is neither a scene nor `scenes.*`")


def _condition(field: str, text: str, compile_condition: Compile) -> Iterator[FieldViolation]:
    if len(text) > MOST_CONDITION_CHARACTERS:
        description = f"{len(text)} characters; allowed: {MOST_CONDITION_CHARACTERS}"
        yield _violation(field, "TOO_LONG", description)
    elif text and (wrong := compile_condition(text)):
        yield _violation(field, "CONDITION_INVALID", wrong)


def _effect(field: str, rule: Rule, effect: Effect) -> Iterator[FieldViolation]:
    match effect:
        case Limit():
            yield from _limit(f"{field}.limit", rule, effect)
        case Verdict():
            if effect.outcome not in {Outcome.DENY, Outcome.CHALLENGE}:
                yield _violation(f"{field}.verdict.outcome", "OUTCOME_UNSUITED", "must be DENY or CHALLENGE")
            if not 1 <= len(effect.reason) <= MOST_TITLE_CHARACTERS or not effect.reason.isprintable():
                description = f"must have 1 to {MOST_TITLE_CHARACTERS} printable characters"
                yield _violation(f"{field}.verdict.reason", "MALFORMED", description)
        case Spread():
            if effect.across not in {SubjectKind.DEVICE, SubjectKind.ADDRESS}:
                yield _violation(f"{field}.spread.across", "KIND_UNSUITED", "must be DEVICE or ADDRESS")
            yield from _between(f"{field}.spread.most_members", effect.most_members, 1, MOST_MEMBERS)
            window = f"{field}.spread.window"
            yield from _between(window, effect.window_ms, SHORTEST_WATCH_MS, LONGEST_WATCH_MS)


def _limit(field: str, rule: Rule, limit: Limit) -> Iterator[FieldViolation]:
    if not 1 <= len(limit.key) <= MOST_KEY_KINDS or len(set(limit.key)) != len(limit.key):
        description = f"must name 1 to {MOST_KEY_KINDS} kinds, each once"
        yield _violation(f"{field}.key", "KEY_MALFORMED", description)
    try:
        counted_limit(rule)
    except ValueError as error:
        yield _violation(field, "OUT_OF_RANGE", str(error))


def _strikes(field: str, policy: StrikePolicy) -> Iterator[FieldViolation]:
    yield from _between(f"{field}.window", policy.window_ms, SHORTEST_WATCH_MS, LONGEST_WATCH_MS)
    steps = (policy.suspect_after, policy.challenged_after, policy.confirmed_after)
    for name, after in zip(("suspect_after", "challenged_after", "confirmed_after"), steps, strict=True):
        yield from _between(f"{field}.{name}", after, 0, MOST_STRIKES)
    taken = [after for after in steps if after]
    if taken != sorted(taken):
        yield _violation(field, "STEPS_DISORDERED", "a harder state must take at least as many refusals")


def _between(field: str, value: int, least: int, most: int) -> Iterator[FieldViolation]:
    if not least <= value <= most:
        yield _violation(field, "OUT_OF_RANGE", f"{value}; allowed: {least} to {most}")
