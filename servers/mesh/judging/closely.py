"""Judging a call that somebody listed has a part in, or that meets a verdict, a shadow or a part rollout."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from domain.risk.charging import Charge as Met
from domain.risk.charging import charges
from domain.risk.decisions import Decision, decide_found
from domain.risk.evidence import Evidence, circumstances
from domain.risk.facts import Facts
from domain.risk.findings import Finding, Match, findings
from domain.risk.limit import FailureClass
from domain.risk.rules import Outcome, Rule, Verdict
from domain.risk.standing import is_snoozed, standing
from servers.mesh.judging.grounds import Counted, Grounds
from servers.mesh.judging.plans import InForce
from servers.mesh.limiting.judgement import Charge, Judgement


class Limiter(Protocol):
    """Counts, or only looks."""

    async def decide(
        self, charges: Sequence[Charge], cost: int, failure_class: FailureClass
    ) -> Judgement: ...


async def look_closely(
    grounds: Grounds, in_force: InForce, limiter: Limiter, failure_class: FailureClass
) -> tuple[Grounds, Decision]:
    """The decision, and the grounds with whatever had to be counted for it.

    What is refused without counting is not counted, and neither is whom the list lets through.
    """
    facts = grounds.facts()
    plan = in_force.plan(circumstances(facts, grounds.listed))
    stood = standing(facts, grounds.listed)
    grounds = grounds._replace(conditions=plan.conditions)
    if stood.leaves_it_to_rules and grounds.cost and not _is_refused(plan.rules, grounds.evidence()):
        met = [one for one in charges(plan.rules, facts) if not _is_lifted(one, facts, grounds)]
        grounds = grounds._replace(counted=await _count(met, grounds.cost, limiter, failure_class))
    return grounds, decide_found(stood, _found(plan.rules, grounds.evidence()), grounds.revision)


async def _count(
    met: Sequence[Met], cost: int, limiter: Limiter, failure_class: FailureClass
) -> Sequence[Counted]:
    """What is enforced, all or none; then, if that lets the call through, each that is in shadow alone."""
    enforced = [_charge(one) for one in met if one.enforced]
    shadow = [_charge(one) for one in met if not one.enforced]
    counted = [await _ask(enforced, cost, limiter, failure_class)] if enforced else []
    if all(one.judgement.admitted for one in counted):
        # A shadow never harms: without the store it says nothing.
        counted += await asyncio.gather(*(_ask([one], cost, limiter, FailureClass.OPEN) for one in shadow))
    return counted


async def _ask(
    charged: Sequence[Charge], cost: int, limiter: Limiter, failure_class: FailureClass
) -> Counted:
    return Counted(charged, await limiter.decide(charged, cost, failure_class))


def _charge(met: Met) -> Charge:
    return Charge(met.limit, met.key.name)


def _is_refused(rules: Sequence[Rule], evidence: Evidence) -> bool:
    """Whether a verdict refuses the call, so that nothing needs to be counted."""
    verdicts = [rule for rule in rules if isinstance(rule.effect, Verdict)]
    return any(
        one.match is Match.ENFORCED and one.outcome is not Outcome.ALLOW for one in _found(verdicts, evidence)
    )


def _found(rules: Sequence[Rule], evidence: Evidence) -> Sequence[Finding]:
    return [finding for rule in rules for finding in findings(rule, evidence)]


def _is_lifted(met: Met, facts: Facts, grounds: Grounds) -> bool:
    """Whether a rule does not count for one of those whom it would count."""
    return any(
        one.subject in met.key.subjects and is_snoozed(facts, one, met.rule.rule_id) for one in grounds.listed
    )
