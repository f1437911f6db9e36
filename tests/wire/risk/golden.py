"""One exchange a method, told as a story, and compared with what is kept under `golden/`.

`NECTARY_GOLDEN=write` keeps what was told instead of comparing it.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.risk.canonical import encoded
from domain.risk.charging import keys
from domain.risk.evidence import Count, Evidence, Truth
from domain.risk.facts import Facts
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.instants import from_datetime
from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from servers.mesh.judging.record import DecisionRecord, plain_json, to_line
from servers.risk.sql.decisions import Written, add_decisions
from tests.wire.exchanges import Exchanges
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import SERVICE, START, Mesh

FOLDER = Path(__file__).parent / "golden"
METHODS = [method.name for method in SERVICE.methods]
SCENE = "shop.buy"
NOON, LATER = START + timedelta(hours=8), START + timedelta(hours=9)


class Story(Exchanges[Mesh]):
    """What was asked of Risk."""

    def __init__(self, mesh: Mesh) -> None:
        super().__init__(mesh, [SERVICE])


async def told(mesh: Mesh) -> Story:
    """Ann buys too often, is listed, objects and is let go; the shop's own machine is let through."""
    story = Story(mesh)
    await _rules(story)
    await mesh.store.transact(add_decisions, [_call(number, used=number) for number in range(3)])
    await mesh.at(NOON)
    await _record(story)
    await _list(story, mesh)
    await story.tell("Evaluate", pb.EvaluateRequest(facts=r.facts(r.member("ann")), check_only=True))
    return story


async def _rules(story: Story) -> None:
    draft = r.rules(r.a_limit(units=2, scenes=[SCENE]))
    plan = await story.tell("ApplyRules", r.an_apply(draft, validate_only=True))
    await story.tell("ApplyRules", r.an_apply(draft, plan_etag=plan.etag))
    await story.tell("GetRules", pb.GetRulesRequest())


async def _record(story: Story) -> None:
    day: Mapping[str, Any] = {"start_time": r.ts(START), "end_time": r.ts(LATER)}
    refused = pb.ListDecisionsRequest(subject=r.member("ann"), outcomes=[risk.OUTCOME_THROTTLE])
    await story.tell("ListDecisions", refused)
    await story.tell("ExplainDecision", pb.ExplainDecisionRequest(decision_id="decision-2"))
    draft = r.rules(r.a_limit(units=1, scenes=[SCENE]))
    await story.tell("ReplayDecisions", pb.ReplayDecisionsRequest(draft=draft, **day))
    await story.tell("SimulateRules", pb.SimulateRulesRequest(draft=draft, **day))
    await story.tell("ListHotSubjects", pb.ListHotSubjectsRequest(scene=SCENE, period=r.seconds(3600)))


async def _list(story: Story, mesh: Mesh) -> None:
    ann = r.member("ann")
    await story.tell("ConfirmSuspect", r.a_confirmation(ann))
    await story.tell("Appeal", r.an_appeal("ann"))
    await story.tell("ListSuspects", pb.ListSuspectsRequest())
    await mesh.at(LATER)
    await story.tell("ReleaseSuspect", r.a_release(ann))
    await story.tell("GetSubject", pb.GetSubjectRequest(subject=ann))
    machine = risk.SubjectName(kind=r.ADDRESS, value="192.0.2.7")
    await story.tell("AllowSubject", r.a_permission(machine, LATER + timedelta(days=30)))


def _call(number: int, used: int) -> Written:
    """Ann's calls, a minute before noon: the third is one too many."""
    at, is_refused = from_datetime(NOON - timedelta(minutes=1)) + number, used >= 2
    member = Subject(SubjectKind.MEMBER, "ann")
    facts = Facts(SCENE, "/shop/buy", "web", "service", 1, (member,), frozenset({SubjectKind.MEMBER}))
    [key] = keys((SubjectKind.MEMBER,), facts)
    count = Count("member_pace", key.name, 2, 60_000, used, 59_000 if is_refused else 0)
    conditions = {"deny_partners": Truth.FALSE}
    evidence = json.loads(encoded(Evidence(facts, at, 1, (), conditions, (count,), "STORE")))
    record = DecisionRecord(
        decision_id=f"decision-{number}",
        time=at,
        method=facts.method,
        scene=facts.scene,
        caller=facts.caller,
        role=facts.role,
        cost=facts.cost,
        subjects=(("MEMBER", "ann"),),
        authenticated=("MEMBER",),
        outcome="THROTTLE" if is_refused else "ALLOW",
        reason="THROTTLED" if is_refused else "",
        rule_id="member_pace" if is_refused else "",
        rule_version=int(is_refused),
        revision=1,
        would=(),
        evidence=evidence,
        latency_us=120,
        sampled=False,
    )
    return Written(record, to_line(record, plain_json(evidence)))
