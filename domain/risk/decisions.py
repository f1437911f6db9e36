"""The decision on a call: a pure function of the rules and the evidence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.risk.evidence import Evidence
from domain.risk.findings import Finding, Match, findings
from domain.risk.rules import Limit, Outcome, RuleSet, Verdict
from domain.risk.stamps import NEVER
from domain.risk.standing import Stand, Standing, standing

THROTTLED = "THROTTLED"
TOO_FAST = "TOO_FAST"
"""Throttled by a pace: a least gap between two calls."""
SUBJECT_DENIED = "SUBJECT_DENIED"
CHALLENGE_REQUIRED = "CHALLENGE_REQUIRED"


@dataclass(frozen=True, slots=True)
class Would:
    """What a rule in shadow would have done."""

    rule_id: str
    rule_version: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a call, and by which rule."""

    outcome: Outcome
    reason: str = ""
    """One of the above, a verdict's own, or of a call let through in spite of the rules BREAK_GLASS or
    ALLOWED. Else empty."""
    rule_id: str = ""
    """Empty if the list decided, or nobody."""
    rule_version: int = 0
    revision: int = 0
    retry_after_ms: int = 0
    """With THROTTLE: until the same call would be admitted if nobody else asked, or NEVER."""
    would: tuple[Would, ...] = ()


def decide(rules: RuleSet, evidence: Evidence) -> Decision:
    """Decides, or decides again.

    The list comes first, by its precedence; then verdicts, the hardest; then paces; then the limit with
    the longest wait. Of equals the first rule by id.
    """
    return decide_found(standing(evidence.facts, evidence.seen), found(rules, evidence), rules.revision)


def found(rules: RuleSet, evidence: Evidence) -> list[Finding]:
    """What every rule says, by id."""
    by_id = sorted(rules.rules, key=lambda rule: rule.rule_id)
    return [finding for rule in by_id for finding in findings(rule, evidence)]


def decide_found(stood: Standing, found: Sequence[Finding], revision: int) -> Decision:
    """The decision from what the list and every rule say."""
    would = tuple(_would(found))
    match stood.stand:
        case Stand.BREAK_GLASS | Stand.ALLOWED:
            return Decision(Outcome.ALLOW, stood.stand.value, revision=revision, would=would)
        case Stand.CONFIRMED:
            return Decision(Outcome.DENY, SUBJECT_DENIED, revision=revision, would=would)
        case Stand.CHALLENGED:
            return Decision(Outcome.CHALLENGE, CHALLENGE_REQUIRED, revision=revision, would=would)
        case Stand.SUSPECT | Stand.RULES:
            return _by_rules(deciding(found), revision, would)


def _by_rules(decider: Finding | None, revision: int, would: tuple[Would, ...]) -> Decision:
    if decider is None:
        return Decision(Outcome.ALLOW, revision=revision, would=would)
    rule = decider.rule
    return Decision(
        decider.outcome,
        _reason(decider),
        rule.rule_id,
        rule.version,
        revision,
        decider.retry_after_ms,
        would,
    )


def deciding(found: Iterable[Finding]) -> Finding | None:
    """The finding that refuses a call, if the list leaves it to the rules; None if none does."""
    refusing = (one for one in found if one.match is Match.ENFORCED and one.outcome is not Outcome.ALLOW)
    return max(refusing, key=_weight, default=None)


def _weight(finding: Finding) -> tuple[int, bool, float]:
    wait = float("inf") if finding.retry_after_ms == NEVER else finding.retry_after_ms
    return _HARDNESS[finding.outcome], _is_pace(finding), wait


_HARDNESS = {outcome: rank for rank, outcome in enumerate(Outcome)}


def _is_pace(finding: Finding) -> bool:
    return isinstance(finding.rule.effect, Limit) and finding.rule.effect.is_pace


def _reason(finding: Finding) -> str:
    effect = finding.rule.effect
    if isinstance(effect, Verdict):
        return effect.reason
    return TOO_FAST if _is_pace(finding) else THROTTLED


def _would(found: Iterable[Finding]) -> Iterator[Would]:
    """Of each rule in shadow the first refusal."""
    told = set()
    for one in found:
        if one.match is Match.SHADOW and one.outcome is not Outcome.ALLOW and one.rule.rule_id not in told:
            told.add(one.rule.rule_id)
            yield Would(one.rule.rule_id, one.rule.version, one.outcome)
