"""Decisions on record: judged, listed, explained, decided again, tried with other rules."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, NotFound
from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import PUBLISHED_SECONDS, START, Mesh

HOUR = timedelta(hours=1)
LIMIT = 5
CALLS = 8
SCENE = "shop.buy"


async def evaluated(mesh: Mesh, *subjects: risk.SubjectName, **more: Any) -> risk.Decision:
    facts = r.facts(*subjects, **more)
    return (await mesh.risk.Evaluate(pb.EvaluateRequest(facts=facts))).decision


async def until(call: Any, request: Any, is_there: Callable[[Any], bool]) -> Any:
    """The first answer in which it has come to pass."""
    async with asyncio.timeout(PUBLISHED_SECONDS):
        answer = await call(request)
        while not is_there(answer):
            await asyncio.sleep(0.05)
            answer = await call(request)
    return answer


def is_decided(outcome: "risk.Outcome.ValueType") -> Callable[[pb.EvaluateResponse], bool]:
    return lambda answer: answer.decision.outcome == outcome


async def in_force(mesh: Mesh, *more: risk.Rule) -> None:
    """Applies rules and waits until calls are judged by them."""
    revision = (await mesh.applied(r.rules(*more))).revision
    look = pb.EvaluateRequest(facts=r.facts(r.member()), check_only=True)
    await until(mesh.risk.Evaluate, look, lambda answer: answer.decision.revision == revision)


async def recorded(mesh: Mesh, count: int, **wanted: Any) -> list[risk.DecisionRecord]:
    """The decisions of a scene, once so many are stored."""
    request = pb.ListDecisionsRequest(scene=SCENE, **wanted)
    page = await until(mesh.risk.ListDecisions, request, lambda answer: len(answer.decisions) >= count)
    return list(page.decisions)


async def burst(mesh: Mesh, ann: risk.SubjectName) -> list[risk.Decision]:
    """More calls than the limit has room for."""
    await in_force(mesh, r.a_limit(units=LIMIT, scenes=[SCENE]))
    return [await evaluated(mesh, ann) for _ in range(CALLS)]


async def test_a_call_from_outside_is_judged_and_counted(living_mesh: Mesh) -> None:
    ann = r.member()
    decisions = await burst(living_mesh, ann)
    assert [one.outcome for one in decisions] == [risk.OUTCOME_ALLOW] * LIMIT + [risk.OUTCOME_THROTTLE] * 3
    refused = decisions[-1]
    assert (refused.rule_id, refused.rule_version, refused.reason) == ("member_pace", 1, "THROTTLED")
    assert 0 < refused.retry_delay.ToTimedelta().total_seconds() <= 60
    assert (await evaluated(living_mesh, r.member())).outcome == risk.OUTCOME_ALLOW


async def test_a_look_counts_nothing_and_leaves_no_record(living_mesh: Mesh) -> None:
    ann = r.member()
    await in_force(living_mesh, r.a_limit(units=LIMIT, scenes=[SCENE]))
    look = pb.EvaluateRequest(facts=r.facts(ann), check_only=True)
    for _ in range(CALLS):
        answer = await living_mesh.risk.Evaluate(look)
        assert (answer.decision.outcome, answer.decision.decision_id) == (risk.OUTCOME_ALLOW, "")
    await evaluated(living_mesh, ann)
    assert len(await recorded(living_mesh, 1)) == 1


async def test_verdicts_and_the_list_are_heard(living_mesh: Mesh) -> None:
    await in_force(living_mesh)
    denied = await evaluated(living_mesh, r.member(), caller="mallory")
    assert (denied.outcome, denied.rule_id, denied.reason) == (
        risk.OUTCOME_DENY,
        "deny_partners",
        "not a partner any more",
    )
    ann = r.member()
    look = pb.EvaluateRequest(facts=r.facts(ann))
    await living_mesh.risk.ConfirmSuspect(r.a_confirmation(ann))
    refused = await until(living_mesh.risk.Evaluate, look, is_decided(risk.OUTCOME_DENY))
    assert (refused.decision.reason, refused.decision.rule_id) == ("SUBJECT_DENIED", "")
    await living_mesh.risk.ReleaseSuspect(r.a_release(ann))
    await until(living_mesh.risk.Evaluate, look, is_decided(risk.OUTCOME_ALLOW))


async def test_facts_must_name_what_they_are(living_mesh: Mesh) -> None:
    scene = risk.SubjectName(kind=risk.SUBJECT_KIND_SCENE, value="shop.buy")
    moon = risk.SubjectName(kind=r.ADDRESS, value="the moon")
    for subject, field in ((scene, "facts.subjects[0].kind"), (moon, "facts.subjects[0].value")):
        with pytest.raises(InvalidRequest) as caught:
            await evaluated(living_mesh, subject)
        assert [one.field for one in caught.value.violations] == [field]


async def test_a_decision_is_listed_and_explained(living_mesh: Mesh) -> None:
    ann = r.member()
    last = (await burst(living_mesh, ann))[-1]
    found = await recorded(living_mesh, CALLS, subject=ann)
    assert len({one.decision.decision_id for one in found}) == CALLS
    throttled = await recorded(living_mesh, 3, outcomes=[risk.OUTCOME_THROTTLE], rule_id="member_pace")
    assert {one.facts.caller for one in throttled} == {"web-shop"}
    why = await living_mesh.risk.ExplainDecision(pb.ExplainDecisionRequest(decision_id=last.decision_id))
    assert why.replays
    assert (why.decision.decision.outcome, list(why.decision.facts.subjects)) == (
        risk.OUTCOME_THROTTLE,
        [ann],
    )
    decider, *others = why.rules
    assert (decider.rule_id, decider.decided, decider.units, decider.used) == (
        "member_pace",
        True,
        LIMIT,
        LIMIT,
    )
    assert {one.rule_id: one.match for one in others} == {
        "deny_partners": risk.RULE_MATCH_CONDITION_FALSE,
        "shared_device": risk.RULE_MATCH_NOT_ASKED,
    }
    assert (await living_mesh.risk.ListDecisions(pb.ListDecisionsRequest(rule_id="no_such"))).decisions == []


async def test_decisions_are_paged_newest_first(living_mesh: Mesh) -> None:
    ann = r.member()
    await burst(living_mesh, ann)
    everything = await recorded(living_mesh, CALLS)
    paged: list[risk.DecisionRecord] = []
    token = ""
    for expected in (3, 3, 2):
        request = pb.ListDecisionsRequest(scene=SCENE, page_size=3, page_token=token)
        page = await living_mesh.risk.ListDecisions(request)
        assert len(page.decisions) == expected
        paged += page.decisions
        token = page.next_page_token
    assert (paged, token) == (everything, "")


async def test_what_was_never_decided_is_not_found(living_mesh: Mesh) -> None:
    with pytest.raises(NotFound, match=r"^DECISION_NOT_FOUND:"):
        await living_mesh.risk.ExplainDecision(pb.ExplainDecisionRequest(decision_id="no-such"))


async def test_every_decision_comes_out_the_same_again_and_other_rules_differ(living_mesh: Mesh) -> None:
    await burst(living_mesh, r.member())
    await evaluated(living_mesh, r.member(), caller="mallory")
    await recorded(living_mesh, CALLS + 1)
    since: dict[str, Any] = {"start_time": r.ts(START - HOUR), "end_time": r.ts(START + HOUR)}
    again = await living_mesh.risk.ReplayDecisions(pb.ReplayDecisionsRequest(**since))
    assert (again.replayed, again.unreadable, list(again.differences)) == (again.same, 0, [])
    assert again.replayed > CALLS
    draft = r.rules(r.a_limit(units=LIMIT + 2, scenes=[SCENE]))
    other = await living_mesh.risk.ReplayDecisions(pb.ReplayDecisionsRequest(draft=draft, **since))
    changed = [(one.recorded.decision.outcome, one.replayed.outcome) for one in other.differences]
    # A refused call uses nothing, so each of the three meets five used of seven.
    assert changed == [(risk.OUTCOME_THROTTLE, risk.OUTCOME_ALLOW)] * 3


async def test_a_draft_is_tried_on_what_was_called(living_mesh: Mesh) -> None:
    ann = r.member("ann")
    await burst(living_mesh, ann)
    await recorded(living_mesh, CALLS)
    draft = r.rules(r.a_limit(units=2, scenes=[SCENE]))
    request = pb.SimulateRulesRequest(draft=draft, start_time=r.ts(START - HOUR))
    tried = await living_mesh.risk.SimulateRules(request)
    assert (tried.refused_before, tried.refused_after, tried.newly_refused_subjects) == (3, 6, 1)
    [victim] = tried.newly_refused
    assert (victim.subject, victim.scene, victim.rule_id, victim.calls) == (ann, SCENE, "member_pace", 3)
    draft.rules[0].condition = "no_such_fact"
    with pytest.raises(InvalidRequest, match=r"^RULES_INCONSISTENT:") as caught:
        await living_mesh.risk.SimulateRules(request.__class__(draft=draft, start_time=request.start_time))
    assert [one.field for one in caught.value.violations] == ["draft.rules[0].condition"]


async def test_who_is_near_a_limit_is_seen(living_mesh: Mesh) -> None:
    ann, bob = r.member("ann"), r.member("bob")
    await burst(living_mesh, ann)
    await evaluated(living_mesh, bob)
    await recorded(living_mesh, CALLS + 1)
    request = pb.ListHotSubjectsRequest(scene=SCENE, period=r.seconds(300))
    hottest = (await living_mesh.risk.ListHotSubjects(request)).subjects
    assert [(one.subject, one.used, one.units, one.calls, one.refused) for one in hottest] == [
        (ann, LIMIT, LIMIT, CALLS, 3),
        (bob, 1, LIMIT, 1, 0),
    ]


async def test_a21_a_limit_that_many_would_meet_is_told_by_what_they_called(living_mesh: Mesh) -> None:
    await in_force(living_mesh, r.a_limit(units=4, scenes=[SCENE]))
    for _ in range(3):
        await asyncio.gather(*(evaluated(living_mesh, r.member(f"m-{one}")) for one in range(30)))
    await recorded(living_mesh, 90, page_size=100)
    fewer = r.an_apply(r.rules(r.a_limit(units=2, scenes=[SCENE])), validate_only=True)
    plan = await until(living_mesh.risk.ApplyRules, fewer, lambda answer: answer.needs_confirmation)
    assert "30 would newly be refused" in plan.warnings[0]
