"""From a refused call to the list, the log and the people who are told: a server with all of its jobs."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from servers.risk.simulators import Simulator
from tests.smtp_sink import SmtpSink
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import START, Mesh, serving
from tests.wire.risk.test_decisions import evaluated, in_force, until

NUMBER = "+8613800000000"
TRIPS_WITHIN_SECONDS = 5.0


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
async def outside() -> AsyncIterator[Simulator]:
    """What other companies run."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def telling_mesh(
    store_url: str, redis_url: str, sink: SmtpSink, outside: Simulator
) -> AsyncIterator[Mesh]:
    """It tells people, and asks an engine."""
    settings = {
        "jobs": True,
        "risk_mail_url": f"smtp://127.0.0.1:{sink.port}",
        "risk_mail_from": "nectary@shop.example",
        "risk_mail_to": "ops@shop.example",
        "risk_sms_url": outside.sms_url,
        "risk_sms_to": NUMBER,
        "risk_engine_url": outside.engine_url,
    }
    async with serving(store_url, redis_url, **settings) as mesh:
        yield mesh


def striking(units: int, **more: Any) -> risk.Rule:
    strikes = risk.StrikePolicy(window=r.seconds(60), suspect_after=3, challenged_after=6)
    return r.a_limit(units=units, scenes=["shop.buy"], strikes=strikes, **more)


async def filled(box: list[Any] | dict[str, Any], count: int) -> None:
    async with asyncio.timeout(20):
        for _ in range(1_000):
            if len(box) >= count:
                return
            await asyncio.sleep(0.05)


async def test_who_is_refused_on_and_on_is_challenged_and_the_owner_gets_one_mail(
    telling_mesh: Mesh, sink: SmtpSink, outside: Simulator
) -> None:
    ann = r.member()
    await in_force(telling_mesh, striking(units=5))
    for _ in range(11):
        await evaluated(telling_mesh, ann)
    look = pb.GetSubjectRequest(subject=ann)
    answer = await until(
        telling_mesh.risk.GetSubject, look, lambda found: found.suspect.state == risk.SUSPECT_STATE_CHALLENGED
    )
    assert answer.chain_intact
    assert len(answer.transitions[0].decision_ids) >= 6
    assert (await evaluated(telling_mesh, ann)).outcome in {risk.OUTCOME_CHALLENGE, risk.OUTCOME_THROTTLE}

    assert sink.raw == []
    await telling_mesh.at(START + timedelta(seconds=31))
    await filled(sink.raw, 1)
    await filled(outside.taken, 1)
    assert sink.recipients == ["risk@example.com"], "the owner of the rule"
    assert ann.value in sink.mails[0].get_content()
    assert [message["to"] for message in outside.taken.values()] == [NUMBER]

    released = r.a_release(ann)
    await telling_mesh.risk.ReleaseSuspect(released)
    await telling_mesh.at(START + timedelta(minutes=6))
    await filled(sink.raw, 2)
    assert sink.subjects[1].startswith("[RESOLVED]")


async def test_whom_the_engine_knows_a_call_from_outside_hears_of_and_never_waits_for(
    telling_mesh: Mesh, outside: Simulator
) -> None:
    bob = r.member()
    outside.assessments[bob.value] = {"state": "CONFIRMED", "reason": "known elsewhere", "keep_seconds": 600}
    request = pb.EvaluateRequest(facts=r.facts(bob))
    await until(
        telling_mesh.risk.Evaluate, request, lambda found: found.decision.outcome == risk.OUTCOME_DENY
    )
    outside.delay_seconds = 60
    began = time.monotonic()
    for _ in range(10):
        assert (await evaluated(telling_mesh, r.member())).outcome == risk.OUTCOME_ALLOW
    assert time.monotonic() - began < 2


async def test_f42_a_rule_that_refuses_half_of_a_scene_is_in_shadow_within_five_seconds(
    telling_mesh: Mesh, sink: SmtpSink
) -> None:
    members = [r.member() for _ in range(40)]
    await in_force(telling_mesh, r.a_limit(units=0, scenes=["shop.buy"]))
    decisions = await asyncio.gather(*(evaluated(telling_mesh, one) for one in members))
    assert {one.outcome for one in decisions} == {risk.OUTCOME_THROTTLE}

    began = time.monotonic()
    request = pb.EvaluateRequest(facts=r.facts(members[0]))
    await until(telling_mesh.risk.Evaluate, request, lambda one: one.decision.outcome == risk.OUTCOME_ALLOW)
    assert time.monotonic() - began < TRIPS_WITHIN_SECONDS
    await telling_mesh.at(START + timedelta(seconds=31))
    await filled(sink.raw, 1)
    assert "rule put into shadow" in sink.mails[0].get_content()


HOSTILE = [
    "a\r\nb",
    '","outcome":"OUTCOME_ALLOW","x":"',
    "\x1b[31mred\x1b[0m",
    "\u009b31m",
    "\u2028\u2029x",
    "'; DROP TABLE risk_decision; --",
    "x" * 128,
]


async def test_a12_hostile_names_are_one_valid_record_each_in_table_and_file(
    store_url: str, redis_url: str, tmp_path: Path
) -> None:
    """And what nobody may read is in neither: the text of a request that names no subject."""
    path = tmp_path / "risk.jsonl"
    async with serving(store_url, redis_url, jobs=True, risk_log_file=str(path)) as mesh:
        decisions = [await evaluated(mesh, r.member(name), caller=name[:128]) for name in HOSTILE]
        canary = "call +49 170 5550123, password hunter2"
        await mesh.risk.ApplyRules(r.an_apply(r.rules(), validate_only=True, reason=canary))
        look = pb.ListDecisionsRequest(scene="shop.buy")
        await until(mesh.risk.ListDecisions, look, lambda page: len(page.decisions) >= len(HOSTILE))
        page = await mesh.risk.ListDecisions(look)
    assert {one.decision.decision_id for one in page.decisions} == {one.decision_id for one in decisions}

    lines = path.read_bytes().split(b"\n")[:-1]
    records = [orjson.loads(line) for line in lines]
    ids = [record["decision_id"] for record in records]
    assert len(ids) == len(set(ids)), "one record a call"
    assert {one.decision_id for one in decisions} <= set(ids)
    assert all(line.decode().isprintable() for line in lines)
    assert b"hunter2" not in path.read_bytes()
    assert b"5550123" not in path.read_bytes()
