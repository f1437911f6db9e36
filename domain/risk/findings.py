"""What each rule says of a call, from the evidence alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.risk.charging import Key, first_named, keys
from domain.risk.evidence import Count, Evidence, Truth
from domain.risk.rules import Limit, OnError, Outcome, Rule, Spread
from domain.risk.stamps import NEVER
from domain.risk.standing import is_snoozed


class Match(StrEnum):
    """Whether a rule was about a call."""

    ENFORCED = "ENFORCED"
    SHADOW = "SHADOW"
    SNOOZED = "SNOOZED"
    """It was, and does not count for its subject at present."""
    OTHER_SCENE = "OTHER_SCENE"
    CONDITION_FALSE = "CONDITION_FALSE"
    CONDITION_FAILED = "CONDITION_FAILED"
    """Its condition could not be evaluated: the rule is off."""
    NO_SUBJECT = "NO_SUBJECT"
    """The call names nobody that it counts by."""
    NOT_ASKED = "NOT_ASKED"
    """An earlier answer made it needless, it found no place, or it looks only after the call."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of a call; of a limit, for one key."""

    rule: Rule
    match: Match
    outcome: Outcome = Outcome.ALLOW
    """What it says whether it is enforced or not; ALLOW if it is not about the call."""
    key: str = ""
    count: Count | None = None
    retry_after_ms: int = 0
    """With THROTTLE: until there would be room, or NEVER."""


def findings(rule: Rule, evidence: Evidence) -> Iterator[Finding]:
    """At least one."""
    off = _off(rule, evidence)
    if off:
        yield Finding(rule, off)
    elif isinstance(rule.effect, Limit):
        yield from _limited(rule, rule.effect, evidence)
    elif not isinstance(rule.effect, Spread):
        key = first_named(evidence.facts)
        match = _match(rule, key, evidence, lifted=_verdict_is_snoozed(rule, evidence))
        yield Finding(rule, match, rule.effect.outcome, key)


def is_about(rule: Rule, evidence: Evidence) -> bool:
    """Whether scene and condition leave a rule something to say before the call."""
    return _off(rule, evidence) is None


def _off(rule: Rule, evidence: Evidence) -> Match | None:
    """Why a rule says nothing at all."""
    if not rule.is_for(evidence.facts.scene):
        return Match.OTHER_SCENE
    if isinstance(rule.effect, Spread):
        return Match.NOT_ASKED
    if not rule.condition:
        return None
    match evidence.conditions.get(rule.rule_id):
        case None:
            return Match.NOT_ASKED
        case Truth.FALSE:
            return Match.CONDITION_FALSE
        case Truth.ERROR if rule.on_error is OnError.OFF:
            return Match.CONDITION_FAILED
        case _:
            return None


def _limited(rule: Rule, limit: Limit, evidence: Evidence) -> Iterator[Finding]:
    named = {key.name: key for key in keys(limit.key, evidence.facts)}
    counts = [one for one in evidence.counts if one.rule_id == rule.rule_id and one.key in named]
    if not counts:
        yield Finding(rule, Match.NOT_ASKED if named else Match.NO_SUBJECT)
    for count in counts:
        wait_ms = _wait_ms(limit, count, evidence.facts.cost)
        lifted = _key_is_snoozed(rule, named[count.key], evidence)
        yield Finding(
            rule,
            _match(rule, count.key, evidence, lifted=lifted),
            Outcome.THROTTLE if wait_ms else Outcome.ALLOW,
            count.key,
            count,
            wait_ms,
        )


def _wait_ms(limit: Limit, count: Count, cost: int) -> int:
    """As it was found; of a limit that differs from the counted one, what follows from what was used.

    Then a wait is at most as long as this: a whole window.
    """
    if (limit.units, limit.window_ms) == (count.units, count.window_ms):
        return count.wait_ms
    if cost > limit.units:
        return NEVER
    return limit.window_ms if count.used + cost > limit.units else 0


def _match(rule: Rule, key: str, evidence: Evidence, *, lifted: bool) -> Match:
    if lifted:
        return Match.SNOOZED
    return Match.ENFORCED if rule.is_enforced(evidence.facts.scene, key) else Match.SHADOW


def _verdict_is_snoozed(rule: Rule, evidence: Evidence) -> bool:
    return any(is_snoozed(evidence.facts, one, rule.rule_id) for one in evidence.seen)


def _key_is_snoozed(rule: Rule, key: Key, evidence: Evidence) -> bool:
    """Another subject's snooze is none of this key's."""
    return any(
        is_snoozed(evidence.facts, one, rule.rule_id) for one in evidence.seen if one.subject in key.subjects
    )
