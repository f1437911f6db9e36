"""Deciding once more, as the specification tells it, step by step and without a thought for speed.

It shares the values with the code that it judges, and none of its steps.
"""

from collections.abc import Sequence

from domain.risk.charging import first_named, key_name
from domain.risk.evidence import Count, Evidence, Seen
from domain.risk.facts import Facts
from domain.risk.rules import Limit, Rule, RuleSet, Verdict


def stand(facts: Facts, listed: Sequence[Seen]) -> str:
    """break-glass > ALLOWED > CONFIRMED > snooze > CHALLENGED > SUSPECT > rules."""
    held = {says(facts, one) for one in listed}
    for name in ("BREAK_GLASS", "ALLOWED", "CONFIRMED", "CHALLENGED", "SUSPECT"):
        if name in held:
            return name
    return "RULES"


def says(facts: Facts, one: Seen) -> str:
    """What one subject alone would make of the call."""
    if one.state == "ALLOWED" and one.subject.kind in ("SCENE", "METHOD"):
        return "BREAK_GLASS"
    if one.state == "ALLOWED" and not believed(facts, one):
        return "RULES"
    if facts.scene == "risk.appeal" and one.state in ("CHALLENGED", "CONFIRMED"):
        return "SUSPECT"
    if one.state == "CHALLENGED" and one.rule_id in one.snoozed and believed(facts, one):
        return "SUSPECT"
    return one.state.value


def believed(facts: Facts, one: Seen) -> bool:
    kind = one.subject.kind
    if kind in ("CALLER", "METHOD", "SCENE"):
        return True
    if kind == "MEMBER" and facts.role in ("service", "operator"):
        return True
    return kind in facts.authenticated


def outcome(rules: RuleSet, evidence: Evidence) -> tuple[str, str]:
    """What is done with a call, and the rule that does it."""
    stood = stand(evidence.facts, evidence.seen)
    if stood in ("BREAK_GLASS", "ALLOWED"):
        return "ALLOW", ""
    if stood in ("CONFIRMED", "CHALLENGED"):
        return {"CONFIRMED": "DENY", "CHALLENGED": "CHALLENGE"}[stood], ""
    refusals = []
    for rule in rules.rules:
        if concerns(rule, evidence):
            refusals += refusals_by(rule, evidence)
    if not refusals:
        return "ALLOW", ""
    hardest = sorted(refusals, key=lambda one: (-one[0], one[1]))[0]
    return hardest[2], hardest[1]


def concerns(rule: Rule, evidence: Evidence) -> bool:
    scene = evidence.facts.scene
    if rule.scenes and not any(covers(pattern, scene) for pattern in rule.scenes):
        return False
    if rule.condition == "":
        return True
    said = evidence.conditions.get(rule.rule_id)
    return said == "TRUE" or (said == "ERROR" and rule.on_error == "APPLY")


def covers(pattern: str, scene: str) -> bool:
    return scene.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == scene


def refusals_by(rule: Rule, evidence: Evidence) -> list[tuple[float, str, str]]:
    """(hardness, rule, outcome) of what is enforced: a denial, a challenge, a pace, then the longest wait."""
    facts, effect = evidence.facts, rule.effect
    if isinstance(effect, Verdict):
        lifted = any(rule.rule_id in one.snoozed and believed(facts, one) for one in evidence.seen)
        if lifted or shadow(rule, facts.scene, first_named(facts)):
            return []
        return [(4e12 if effect.outcome == "DENY" else 3e12, rule.rule_id, effect.outcome.value)]
    if not isinstance(effect, Limit):
        return []
    found = []
    for count in evidence.counts:
        if count.rule_id != rule.rule_id or shadow(rule, facts.scene, count.key):
            continue
        if count.wait_ms and not key_sleeps(rule, effect, count, evidence):
            wait = 1e11 if count.wait_ms == -1 else count.wait_ms
            found.append((wait + (1e12 if effect.units == 1 else 0), rule.rule_id, "THROTTLE"))
    return found


def shadow(rule: Rule, scene: str, key: str) -> bool:
    return not rule.is_enforced(scene, key)


def key_sleeps(rule: Rule, limit: Limit, count: Count, evidence: Evidence) -> bool:
    for one in evidence.seen:
        if rule.rule_id in one.snoozed and believed(evidence.facts, one) and one.subject.kind in limit.key:
            place = limit.key.index(one.subject.kind)
            for combination in combinations(limit, evidence.facts):
                if key_name(combination) == count.key and combination[place] == one.subject.value:
                    return True
    return False


def combinations(limit: Limit, facts: Facts) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for kind in limit.key:
        found = [[*one, value] for one in found for value in facts.named(kind)]
    return found
