"""Every kind of answer of the judge, as a caller gets it from a real server on a real Redis."""

from dataclasses import replace
from pathlib import Path

import grpc
import orjson
import pytest
import redis.asyncio
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2

from clients import ChallengeRequired
from domain.risk.canonical import decoded
from domain.risk.evidence import Evidence
from domain.risk.rules import Limit, Outcome, Rollout, Rule, Verdict
from domain.risk.states import State
from domain.risk.subjects import SubjectKind
from nectary.risk.v1 import risk_pb2
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.clock import SystemClock
from tests.wire.judging.conftest import Judged
from tests.wire.judging.publishing import an_entry, list_entries, put_in_force
from tests.wire.mesh.certificates import Authority, service
from tests.wire.mesh.running import health_stub, refusal, until

HELLO = pb.EchoRequest(text="hello")
THREE = Rule("three", "Three a minute", "me", Limit((SubjectKind.CALLER,), 3, 60_000))
PACE = Rule("pace", "One a minute", "me", Limit((SubjectKind.CALLER,), 1, 60_000))
NEVER = Rule("never", "Nobody", "me", Verdict(Outcome.DENY, "closed for repairs"))
PROVE = Rule("prove", "Everybody proves", "me", Verdict(Outcome.CHALLENGE, "bots about"))

Redis = redis.asyncio.Redis


async def test_a_full_limit_is_told_with_everything_a_program_can_act_on(
    judged: Judged, redis_client: Redis
) -> None:
    await put_in_force(redis_client, replace(THREE, version=7))
    async with judged() as court:
        for _ in range(3):
            assert (await court.server.stub.Echo(HELLO)).text == "hello"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await court.server.stub.Echo(HELLO)
        trailers = dict(caught.value.trailing_metadata() or ())
        status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        info, quota, retry = (
            error_details_pb2.ErrorInfo(), error_details_pb2.QuotaFailure(), error_details_pb2.RetryInfo()
        )  # fmt: skip
        for detail, message in zip(status.details, (info, quota, retry), strict=True):
            assert detail.Unpack(message)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        record = (await court.records(4))[-1]
        assert (info.reason, info.domain) == ("THROTTLED", "nectary")
        assert dict(info.metadata) == {
            "rule_id": "three", "decision_id": record.decision_id, "why": "THROTTLED"
        }  # fmt: skip
        (violation,) = quota.violations
        assert (violation.quota_id, violation.quota_value, violation.subject) == ("three", 3, "caller")
        assert violation.api_service == "nectary.testing.v1.EchoService"
        wait_ms = retry.retry_delay.ToMilliseconds()
        assert 50_000 < wait_ms <= 66_000
        assert trailers["grpc-retry-pushback-ms"] == str(wait_ms)
        assert (record.outcome, record.rule_id, record.rule_version) == ("THROTTLE", "three", 7)
        assert court.echo.handled == 3


async def test_denials_are_counted_by_reason(judged: Judged, redis_client: Redis) -> None:
    await put_in_force(redis_client, PACE)
    async with judged() as court:
        await court.server.stub.Echo(HELLO)
        for _ in range(2):
            error = await refusal(court.server.stub.Echo(HELLO))
            assert error.metadata["why"] == "TOO_FAST"
        counted = [
            court.metric("nectary_risk_decisions_total", scene="testing.echo", outcome=outcome, reason=reason)
            for outcome, reason in (("ALLOW", ""), ("THROTTLE", "TOO_FAST"))
        ]
        assert counted == [1, 2]


@pytest.mark.parametrize("kind", [SubjectKind.ADDRESS, SubjectKind.CALLER, SubjectKind.METHOD])
async def test_whom_the_list_denies_is_denied_whatever_the_rules_say(
    judged: Judged, redis_client: Redis, kind: SubjectKind
) -> None:
    value = {
        SubjectKind.ADDRESS: "127.0.0.1",
        SubjectKind.CALLER: "local",
        SubjectKind.METHOD: "/nectary.testing.v1.EchoService/Echo",
    }[kind]
    await list_entries(redis_client, an_entry(kind, value, State.CONFIRMED))
    async with judged() as court:
        error = await refusal(court.server.stub.Echo(HELLO))
        assert (error.code, error.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SUBJECT_DENIED")
        assert error.retry_after_seconds is not None
        (record,) = await court.records(1)
        assert error.metadata == {"decision_id": record.decision_id}
        assert (record.outcome, record.reason) == ("DENY", "SUBJECT_DENIED")
        assert court.echo.handled == 0


async def test_a_challenge_is_a_typed_detail(judged: Judged, redis_client: Redis) -> None:
    await put_in_force(redis_client, PROVE)
    async with judged() as court:
        error = await refusal(court.server.stub.Echo(HELLO))
        assert isinstance(error, ChallengeRequired)
        assert (error.code, error.reason) == (grpc.StatusCode.PERMISSION_DENIED, "CHALLENGE_REQUIRED")
        assert error.challenge.kind == risk_pb2.CHALLENGE_KIND_HUMAN
        assert error.challenge.challenge_id == error.metadata["challenge_id"]
        assert error.metadata["rule_id"] == "prove"
        assert error.challenge.expire_time.ToMicroseconds() > SystemClock().now()


async def test_a_challenged_member_is_challenged_as_a_member(
    judged: Judged, redis_client: Redis, tmp_path: Path
) -> None:
    await list_entries(redis_client, an_entry(SubjectKind.MEMBER, "m1", State.CHALLENGED))
    authority = Authority()
    credentials = authority.credentials(authority.leaf(service("honey")))
    async with judged(credentials=credentials, **authority.settings(tmp_path)) as court:
        error = await refusal(court.server.stub.Look(pb.LookRequest(member_id="m1")))
        assert isinstance(error, ChallengeRequired)
        assert error.challenge.kind == risk_pb2.CHALLENGE_KIND_MEMBER
        await court.server.stub.Look(pb.LookRequest(member_id="m2"))


async def test_a_verdict_denies_and_says_why(judged: Judged, redis_client: Redis) -> None:
    await put_in_force(redis_client, NEVER)
    async with judged() as court:
        error = await refusal(court.server.stub.Echo(HELLO))
        assert error.code is grpc.StatusCode.PERMISSION_DENIED
        assert (error.metadata["rule_id"], error.metadata["why"]) == ("never", "closed for repairs")


async def test_a14_a_condition_that_cannot_be_evaluated_is_counted_and_its_rule_off(
    judged: Judged, redis_client: Redis
) -> None:
    await put_in_force(redis_client, replace(NEVER, condition="1 / (cost - cost) == 1"))
    async with judged() as court:
        for _ in range(3):
            await court.server.stub.Echo(HELLO)
        assert court.metric("nectary_risk_failed_conditions_total", rule="never") == 1, "one kind of call"


async def test_a_broken_glass_lets_everybody_through(judged: Judged, redis_client: Redis) -> None:
    await put_in_force(redis_client, PACE, NEVER)
    await list_entries(redis_client, an_entry(SubjectKind.SCENE, "testing.echo", State.ALLOWED))
    async with judged() as court:
        for _ in range(3):
            await court.server.stub.Echo(HELLO)
        assert {record.reason for record in await court.records(3)} == {"BREAK_GLASS"}


SHADOWS = {
    "rule": Rollout(shadow=True),
    "scene": Rollout(shadow_scenes=("testing.*",)),
    "percentage": Rollout(percentage=0),
}


@pytest.mark.parametrize("rollout", SHADOWS.values(), ids=SHADOWS)
async def test_a_shadow_refuses_nobody_and_says_what_it_would_have_done(
    judged: Judged, redis_client: Redis, rollout: Rollout
) -> None:
    await put_in_force(redis_client, replace(THREE, rollout=rollout), replace(NEVER, rollout=rollout))
    async with judged() as court:
        for _ in range(5):
            await court.server.stub.Echo(HELLO)
        records = await court.records(5)
        would = [{rule: outcome for rule, _, outcome in record.would} for record in records]
        assert [one.get("three") for one in would] == [None, None, None, "THROTTLE", "THROTTLE"]
        assert all(one["never"] == "DENY" for one in would)
        labels = {"scene": "testing.echo", "outcome": "THROTTLE", "rule": "three"}
        assert court.metric("nectary_risk_would_total", **labels) == 2


async def test_a_shadow_counts_nothing_of_a_call_that_is_refused(judged: Judged, redis_client: Redis) -> None:
    shadow = replace(THREE, rollout=Rollout(shadow=True))
    await put_in_force(redis_client, PACE, shadow)
    async with judged() as court:
        await court.server.stub.Echo(HELLO)
        for _ in range(5):
            await refusal(court.server.stub.Echo(HELLO))
        await put_in_force(redis_client, shadow, revision=2)
        await until(lambda: court.in_force == 2)
        for _ in range(2):
            await court.server.stub.Echo(HELLO)
        assert not any(record.would for record in await court.records(8))


async def test_a_part_rollout_is_for_the_same_subjects_each_time(
    judged: Judged, redis_client: Redis, tmp_path: Path
) -> None:
    await put_in_force(redis_client, replace(NEVER, rollout=Rollout(percentage=50)))
    authority = Authority()
    credentials = authority.credentials(authority.leaf(service("honey")))
    async with judged(credentials=credentials, **authority.settings(tmp_path)) as court:

        async def refused() -> set[str]:
            members = {f"m{number}" for number in range(40)}
            for member in list(members):
                try:
                    await court.server.stub.Look(pb.LookRequest(member_id=member))
                except grpc.aio.AioRpcError:
                    continue
                members.discard(member)
            return members

        first = await refused()
        assert 5 < len(first) < 35
        assert await refused() == first


async def test_a_call_that_costs_more_than_its_limit_is_told_to_stay_away(
    judged: Judged, redis_client: Redis
) -> None:
    await put_in_force(redis_client, replace(THREE, effect=Limit((SubjectKind.CALLER,), 0, 60_000)))
    async with judged() as court:
        error = await refusal(court.server.stub.Echo(HELLO))
        assert error.retry_after_seconds == 24 * 3600


async def test_out_of_the_box_a_mesh_limits(judged: Judged) -> None:
    async with judged() as court:
        assert (await court.server.stub.Echo(HELLO)).text == "hello"
        (record,) = await court.records(1)
        assert record.revision == 0
        evidence = decoded(Evidence, orjson.dumps(record.evidence))
        assert [count.rule_id for count in evidence.counts] == ["caller_calls"]


async def test_health_is_not_judged(judged: Judged, redis_client: Redis) -> None:
    await put_in_force(redis_client, NEVER)
    async with judged() as court:
        answer = await health_stub(court.server.channel).Check(health_pb2.HealthCheckRequest())
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
