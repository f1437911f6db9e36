"""Rules: planned, applied as a whole, every revision kept."""

from datetime import timedelta

import pytest

from clients import InvalidRequest, NotFound, Raced
from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import START, Mesh

HOUR = timedelta(hours=1)


async def current(mesh: Mesh) -> pb.GetRulesResponse:
    return await mesh.risk.GetRules(pb.GetRulesRequest())


async def test_rules_equal_to_the_current_ones_make_no_revision(mesh: Mesh) -> None:
    again = await mesh.risk.ApplyRules(r.an_apply(r.rules(r.a_limit())))
    assert again == pb.ApplyRulesResponse(revision=1)


async def test_what_changed_gets_a_new_version_and_the_rest_keeps_its_own(mesh: Mesh) -> None:
    await mesh.at(START + HOUR)
    applied = await mesh.applied(r.rules(r.a_limit(units=90)), reason="less is enough")
    assert applied.revision == 2
    [change] = applied.changes
    assert (change.kind, change.rule_id) == (risk.RULE_CHANGE_KIND_CHANGED, "member_pace")
    assert list(change.fields) == ["effect.units: 100 -> 90"]
    found = await current(mesh)
    assert {rule.rule_id: rule.version for rule in found.rule_set.rules} == {
        "deny_partners": 1,
        "shared_device": 1,
        "member_pace": 2,
    }
    assert (found.reason, found.actor) == ("less is enough", "local")
    then = await mesh.risk.GetRules(pb.GetRulesRequest(at=r.ts(START)))
    assert (then.revision, then.rule_set.rules[2].limit.units) == (1, 100)


async def test_what_was_read_can_be_applied_again(mesh: Mesh) -> None:
    whole = r.a_limit(
        "all_fields",
        units=1_000,
        scenes=["identity.*", "catalog.read"],
        condition="cost > 1 && member_state != 'NONE'",
        rollout=risk.Rollout(percentage=10, shadow_scenes=["identity.read"]),
        strikes=risk.StrikePolicy(window=r.seconds(60), suspect_after=3, confirmed_after=9),
        on_error=risk.ON_ERROR_APPLY,
    )
    await mesh.applied(r.rules(whole))
    found = await current(mesh)
    [rule] = [rule for rule in found.rule_set.rules if rule.rule_id == "all_fields"]
    assert (rule.rollout.percentage, rule.strikes.confirmed_after, rule.limit.window) == (
        10,
        9,
        r.seconds(60),
    )
    assert not (await mesh.risk.ApplyRules(r.an_apply(found.rule_set))).changes


async def test_a_plan_says_the_same_and_writes_nothing(mesh: Mesh) -> None:
    plan = await mesh.risk.ApplyRules(r.an_apply(r.rules(r.a_limit(units=90)), validate_only=True))
    assert (plan.revision, len(plan.changes), plan.needs_confirmation) == (2, 1, False)
    assert (await current(mesh)).revision == 1


async def test_a_plan_lists_everything_that_is_wrong(mesh: Mesh) -> None:
    draft = r.rules(
        r.a_limit(),
        r.a_limit(),
        r.a_verdict("typed_badly", condition="cost + caller"),
        r.a_verdict("unknown_name", condition="price > 3"),
        r.a_limit(
            "disordered", strikes=risk.StrikePolicy(window=r.seconds(60), suspect_after=9, confirmed_after=3)
        ),
    )
    plan = await mesh.risk.ApplyRules(r.an_apply(draft, validate_only=True))
    found = {(one.field, one.reason) for one in plan.violations}
    assert found == {
        ("rule_set.rules", "DUPLICATE"),
        ("rule_set.rules[4].condition", "CONDITION_INVALID"),
        ("rule_set.rules[5].condition", "CONDITION_INVALID"),
        ("rule_set.rules[6].strikes", "STEPS_DISORDERED"),
    }
    assert not plan.etag
    with pytest.raises(InvalidRequest, match=r"^RULES_INCONSISTENT:") as caught:
        await mesh.risk.ApplyRules(r.an_apply(draft))
    assert {(one.field, one.reason) for one in caught.value.violations} == found
    assert (await current(mesh)).revision == 1


async def test_rules_made_from_older_ones_are_refused(mesh: Mesh) -> None:
    with pytest.raises(Raced, match=r"^STALE_VERSION:") as caught:
        await mesh.risk.ApplyRules(r.an_apply(r.rules(), expected_revision=7))
    assert caught.value.metadata == {"current_version": "1"}


async def test_before_the_first_revision_the_shipped_rules_are_in_force(mesh: Mesh) -> None:
    shipped = await mesh.risk.GetRules(pb.GetRulesRequest(at=r.ts(START - HOUR)))
    assert (shipped.revision, shipped.HasField("effective_time")) == (0, False)
    assert shipped.rule_set.rules


async def test_a_revision_that_never_was_is_not_found(mesh: Mesh) -> None:
    with pytest.raises(NotFound, match=r"^RULES_NOT_FOUND:") as caught:
        await mesh.risk.GetRules(pb.GetRulesRequest(revision=7))
    assert caught.value.metadata == {"revision": "7"}


async def test_the_same_apply_is_done_once_and_answered_alike(mesh: Mesh) -> None:
    request = r.an_apply(r.rules(r.a_limit(units=90)))
    first = await mesh.ask("ApplyRules", request)
    await mesh.applied(r.rules(r.a_limit(units=80)))
    assert await mesh.ask("ApplyRules", request) == first
    assert (await current(mesh)).revision == 3
    request.reason = "another body"
    with pytest.raises(InvalidRequest, match=r"^IDEMPOTENCY_KEY_REUSED:"):
        await mesh.risk.ApplyRules(request)
