"""What speaks against putting rules in force: an operator's slips, told before they cost anything."""

from collections.abc import Iterator

from domain.risk.rules import Limit, Rule, RuleSet, Verdict
from domain.risk.trial import Trial

FAR_LOWER = 10
"""A limit that falls to this part of itself is likelier a slip than a wish."""


def dangers(old: RuleSet, new: RuleSet, trial: Trial | None = None) -> list[str]:
    """In words; empty if nothing does. With a trial also by the calls that it heard."""
    found = [*_dropped(old, new)]
    before = {rule.rule_id: rule for rule in old.rules}
    for rule in sorted(new.rules, key=lambda rule: rule.rule_id):
        found += _harsh(before.get(rule.rule_id), rule)
    if trial and trial.is_dangerous:
        found.append(
            f"of {trial.active_subjects} subjects that called lately"
            f" {trial.newly_refused_subjects} would newly be refused"
        )
    return found


def _dropped(old: RuleSet, new: RuleSet) -> Iterator[str]:
    kept = {rule.rule_id: rule for rule in new.rules}
    for rule in sorted(old.rules, key=lambda rule: rule.rule_id):
        if rule.rollout.shadow:
            continue
        if rule.rule_id not in kept:
            yield f"{rule.rule_id} is in force and would be gone"
        elif kept[rule.rule_id].rollout.shadow:
            yield f"{rule.rule_id} is in force and would be in shadow"


def _harsh(before: Rule | None, rule: Rule) -> Iterator[str]:
    if rule.rollout.shadow or (before and before.effect == rule.effect and not before.rollout.shadow):
        return
    match rule.effect:
        case Verdict(outcome) if not rule.condition:
            yield f"{rule.rule_id} would answer every call of its scenes with {outcome.value}"
        case Limit(units=0):
            yield f"{rule.rule_id} would refuse every call that costs anything"
        case Limit(units=units):
            had = before.effect.units if before and isinstance(before.effect, Limit) else 0
            if units * FAR_LOWER <= had:
                yield f"{rule.rule_id} would admit {units} units instead of {had}"
            elif units == 1 and not rule.scenes and not had:
                yield f"{rule.rule_id} would admit one unit at a time in every scene"
        case _:
            return
