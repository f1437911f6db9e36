"""Bad input: the answer names the field, nothing is written, nothing of our insides leaks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Connection, MetaData, func, select

from clients import InvalidRequest
from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import START, Mesh

INSIDES = ("Traceback", "sqlalchemy", "sqlite", "mysql", "SELECT", "INSERT", "risk_", ".py")
LONG = "x" * 5_000
ANN = r.member("ann")
NOBODY = risk.SubjectName(kind=r.MEMBER)
WINDOWLESS = risk.Limit(key=[r.MEMBER], units=1)
RULE = "rule_set.rules[0]"


def a_rule(**more: Any) -> pb.ApplyRulesRequest:
    return r.an_apply(risk.RuleSet(rules=[r.a_limit(**more)]))


def a_limit(**more: Any) -> pb.ApplyRulesRequest:
    defaults: dict[str, Any] = {"key": [r.MEMBER], "units": 1, "window": r.seconds(1)}
    return a_rule(limit=risk.Limit(**defaults | more))


def cases() -> Iterator[tuple[str, Any]]:
    """(field that is wrong, request)."""
    yield "request_id", r.an_apply(r.rules(), request_id="two words")
    yield "rule_set", pb.ApplyRulesRequest(request_id=r.new_id())
    yield "rule_set.rules", r.an_apply(risk.RuleSet(rules=[r.a_limit(f"r{one}") for one in range(201)]))
    yield "reason", r.an_apply(r.rules(), reason=LONG)
    yield f"{RULE}.rule_id", a_rule(rule_id="Robert'); DROP TABLE risk_suspect;--")
    yield f"{RULE}.title", a_rule(title="")
    yield f"{RULE}.scenes[0]", a_rule(scenes=["*"])
    yield f"{RULE}.condition", a_rule(condition=LONG)
    yield f"{RULE}.effect", r.an_apply(risk.RuleSet(rules=[risk.Rule(rule_id="r", title="R", owner="ops")]))
    yield f"{RULE}.limit.window", a_rule(limit=WINDOWLESS)
    yield f"{RULE}.limit.window", a_limit(window=Duration(seconds=10**9))
    yield f"{RULE}.limit.units", a_limit(units=-1)
    yield f"{RULE}.limit.key", a_limit(key=[])
    yield f"{RULE}.limit.key[0]", a_limit(key=[99])
    yield f"{RULE}.rollout.percentage", a_rule(rollout=risk.Rollout(percentage=101))
    yield "revision", pb.GetRulesRequest(revision=-1)
    yield "at", pb.GetRulesRequest(at=Timestamp(seconds=-1))
    yield "facts", pb.EvaluateRequest()
    yield "facts.scene", pb.EvaluateRequest(facts=risk.Facts(scene="No Scene"))
    yield "facts.cost", pb.EvaluateRequest(facts=r.facts(cost=1_001))
    yield "facts.subjects", pb.EvaluateRequest(facts=r.facts(*([ANN] * 17)))
    yield "page_size", pb.ListSuspectsRequest(page_size=-1)
    yield "states[0]", pb.ListSuspectsRequest(states=[99])  # type: ignore[list-item]  # no such value
    yield "page_token", pb.ListSuspectsRequest(page_token="forged")
    yield "subject", pb.GetSubjectRequest()
    yield "subject.value", pb.GetSubjectRequest(subject=NOBODY)
    yield "subject.value", pb.GetSubjectRequest(subject=r.member("ann "))
    yield "subject.kind", pb.GetSubjectRequest(subject=risk.SubjectName(value="ann"))
    yield "reason", r.a_confirmation(ANN, reason="")
    yield "subject.value", r.a_confirmation(r.member(LONG))
    yield "expire_time", r.a_confirmation(ANN, expire_time=r.ts(START - timedelta(days=1)))
    yield "expire_time", pb.AllowSubjectRequest(request_id=r.new_id(), subject=ANN, reason="why")
    yield "rule_id", r.a_permission(ANN, START + timedelta(days=1), rule_id="No Rule")
    yield "expire_time", r.a_permission(ANN, START + timedelta(days=31), rule_id="pace")
    yield "reason", r.a_release(ANN, reason=LONG)
    yield "member_id", r.an_appeal("two words")
    yield "text", r.an_appeal("ann", text=LONG)
    yield "outcomes[0]", pb.ListDecisionsRequest(outcomes=[risk.OUTCOME_UNSPECIFIED])
    yield "page_token", pb.ListDecisionsRequest(page_token="AAAA")
    yield "decision_id", pb.ExplainDecisionRequest(decision_id="")
    yield "start_time", pb.ReplayDecisionsRequest()
    yield "draft", pb.SimulateRulesRequest(start_time=r.ts(START))
    yield "period", pb.ListHotSubjectsRequest(period=r.seconds(3_601))
    yield "limit", pb.ListHotSubjectsRequest(limit=201)


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has; answers are kept of what a use case refused."""
    found = MetaData()
    found.reflect(connection)
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in found.tables.items()
        if name != "risk_idempotency"
    }


async def test_every_bad_field_is_named_and_nothing_is_written(mesh: Mesh) -> None:
    before = await mesh.store.read(rows)
    wrong = []
    for field, request in cases():
        name = type(request).__name__.removesuffix("Request")
        with pytest.raises(InvalidRequest) as caught:
            await mesh.ask(name, request)
        named = {violation.field for violation in caught.value.violations}
        told = f"{caught.value} {dict(caught.value.metadata)} {caught.value.violations}"
        if field not in named or any(inside in told for inside in INSIDES):
            wrong.append(f"{name}.{field}: {told}")
    assert not wrong, "\n".join(wrong)
    assert await mesh.store.read(rows) == before


def test_every_method_has_its_bad_input() -> None:
    tried = {type(request).DESCRIPTOR.name for _, request in cases()}
    assert tried == {
        method.input_type.name for method in pb.DESCRIPTOR.services_by_name["RiskService"].methods
    }
