"""A-21: an operator's slip is told before it costs anything, and can be undone."""

import asyncio
from datetime import timedelta

import pytest

from clients import Forbidden, Raced, Refused
from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import PUBLISHED_SECONDS, START, Mesh

SLIPS = {
    "a rule in use is deleted": r.rules(),
    "a limit of one for all": r.rules(r.a_limit(units=1)),
    "a limit of nothing": r.rules(r.a_limit(), r.a_limit("nothing", units=0)),
    "everybody is denied": r.rules(r.a_limit(), r.a_verdict("deny_all", condition="")),
    "a rule in use goes into shadow": r.rules(r.a_limit(rollout=risk.Rollout(shadow=True))),
}


@pytest.mark.parametrize("slip", SLIPS)
async def test_dangerous_rules_need_the_etag_of_a_plan(mesh: Mesh, slip: str) -> None:
    with pytest.raises(Refused, match=r"^CONFIRMATION_REQUIRED:") as caught:
        await mesh.risk.ApplyRules(r.an_apply(SLIPS[slip]))
    assert caught.value.metadata == {"warnings": "1"}
    assert (await mesh.risk.GetRules(pb.GetRulesRequest())).revision == 1
    plan = await mesh.risk.ApplyRules(r.an_apply(SLIPS[slip], validate_only=True))
    assert (plan.needs_confirmation, len(plan.warnings)) == (True, 1)
    applied = await mesh.risk.ApplyRules(r.an_apply(SLIPS[slip], plan_etag=plan.etag))
    assert applied.revision == 2


async def test_a_plan_counts_for_its_rules_on_their_ground_alone(mesh: Mesh) -> None:
    slip = r.rules(r.a_limit(units=1))
    plan = await mesh.risk.ApplyRules(r.an_apply(slip, validate_only=True))
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:"):
        await mesh.risk.ApplyRules(r.an_apply(r.rules(), plan_etag=plan.etag))
    await mesh.applied(r.rules(r.a_limit(units=50)))
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:"):
        await mesh.risk.ApplyRules(r.an_apply(slip, plan_etag=plan.etag))


async def test_an_old_revision_is_applied_to_undo(mesh: Mesh) -> None:
    await mesh.applied(r.rules(r.a_limit(units=1)))
    old = await mesh.risk.GetRules(pb.GetRulesRequest(revision=1))
    undone = await mesh.risk.ApplyRules(r.an_apply(old.rule_set))
    assert undone.revision == 3
    now = await mesh.risk.GetRules(pb.GetRulesRequest())
    assert [rule.limit.units for rule in now.rule_set.rules if rule.HasField("limit")] == [100]


async def denied(mesh: Mesh, rule_id: str) -> None:
    """Returns once calls that are judged are denied by this rule; empty: by the list."""
    request = pb.EvaluateRequest(facts=r.facts(r.member()), check_only=True)
    async with asyncio.timeout(PUBLISHED_SECONDS):
        while True:
            try:
                await mesh.risk.Evaluate(request)
            except Forbidden as error:
                if (error.reason, error.metadata.get("rule_id", "")) == ("SUBJECT_DENIED", rule_id):
                    return
            await asyncio.sleep(0.05)


async def test_a_rule_that_refuses_everybody_can_still_be_undone(living_mesh: Mesh) -> None:
    await living_mesh.applied(r.rules(r.a_verdict("deny_all", condition="")))
    await denied(living_mesh, "deny_all")
    here = risk.SubjectName(kind=r.ADDRESS, value="127.0.0.1")
    await living_mesh.risk.ConfirmSuspect(r.a_confirmation(here))
    await denied(living_mesh, "")
    await living_mesh.risk.ReleaseSuspect(r.a_release(here))
    old = await living_mesh.risk.GetRules(pb.GetRulesRequest(at=r.ts(START - timedelta(days=1))))
    assert (await living_mesh.applied(old.rule_set)).revision == 2
