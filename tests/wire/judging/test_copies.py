"""A process follows what is published within a second, and keeps the last good copy on a bad day."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
import redis.asyncio

from domain.risk.canonical import encoded
from domain.risk.rules import Outcome, Rule, RuleSet, Verdict
from domain.risk.states import State
from domain.risk.subjects import SubjectKind
from domain.risk.suspects import Entry
from domain.shared.instants import SECOND
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.judging.published import KEPT_CHANGES, REMOVED, publish_changes, publish_rules
from tests.wire.judging.conftest import Court, Judged
from tests.wire.judging.publishing import an_entry, list_entries, put_in_force
from tests.wire.mesh.running import refusal, until

HELLO = pb.EchoRequest(text="hello")
NEVER = Rule("never", "Nobody", "me", Verdict(Outcome.DENY, "closed"))
SLOW_MACHINE_SECONDS = 2.0
"""The promise is one second; a machine with other things to do is given another."""

Redis = redis.asyncio.Redis


async def change(client: Redis, generation: str, *entries: Entry) -> bool:
    return await publish_changes(
        client, generation, {str(one.subject): encoded(one).encode() for one in entries}
    )


async def seconds_until_denied(court: Court) -> float:
    began = time.monotonic()
    while not await is_denied(court):
        assert time.monotonic() - began < 10
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def is_denied(court: Court) -> bool:
    try:
        await court.server.stub.Echo(HELLO)
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.PERMISSION_DENIED
    return False


async def test_the_list_is_followed_within_a_second(judged: Judged, redis_client: Redis) -> None:
    generation = await list_entries(redis_client)
    async with judged() as court:
        await court.server.stub.Echo(HELLO)
        assert await change(redis_client, generation, an_entry(SubjectKind.CALLER, "local", State.CONFIRMED))
        assert await seconds_until_denied(court) < SLOW_MACHINE_SECONDS
        assert await publish_changes(redis_client, generation, {"CALLER:local": REMOVED})
        await until(lambda: len(court.chambers.suspects) == 0)
        await court.server.stub.Echo(HELLO)


async def test_an_entry_expires_in_a_copy_that_hears_of_nothing(judged: Judged, redis_client: Redis) -> None:
    entry = an_entry(SubjectKind.CALLER, "local", State.CONFIRMED, lasts=SECOND)
    await list_entries(redis_client, entry)
    async with judged() as court:
        await refusal(court.server.stub.Echo(HELLO))
        await redis_client.flushall()
        await asyncio.sleep(1.05)
        await court.server.stub.Echo(HELLO)


async def test_a_copy_that_is_too_far_behind_reads_the_whole_list(
    judged: Judged, redis_client: Redis
) -> None:
    generation = await list_entries(redis_client)
    async with judged() as court:
        for start in range(0, KEPT_CHANGES + 1000, 500):
            entries = [an_entry(SubjectKind.MEMBER, f"m{start + n}", State.SUSPECT) for n in range(500)]
            assert await change(redis_client, generation, *entries)
        await until(lambda: len(court.chambers.suspects) == KEPT_CHANGES + 1000, seconds=30)


async def test_the_last_good_copies_stay_when_redis_loses_everything(
    judged: Judged, redis_client: Redis
) -> None:
    generation = await list_entries(redis_client, an_entry(SubjectKind.CALLER, "local", State.CONFIRMED))
    await put_in_force(redis_client, NEVER, revision=3)
    async with judged() as court:
        await redis_client.flushall()
        assert not await change(redis_client, generation)
        await asyncio.sleep(1)
        await refusal(court.server.stub.Echo(HELLO))
        assert court.in_force == 3
        await list_entries(redis_client)
        await until(lambda: len(court.chambers.suspects) == 0)


async def test_a_bad_entry_is_counted_and_harms_no_other(judged: Judged, redis_client: Redis) -> None:
    entry = an_entry(SubjectKind.CALLER, "local", State.CONFIRMED)
    generation = await list_entries(redis_client, entry)
    async with judged() as court:
        bad = {"CALLER:local": b'{"state"', "MEMBER:m1": b"[]", "COLOUR:red": b"{}"}
        good = an_entry(SubjectKind.MEMBER, "m2", State.CONFIRMED)
        await publish_changes(redis_client, generation, {**bad, str(good.subject): encoded(good).encode()})
        await until(lambda: len(court.chambers.suspects) == 2)
        await refusal(court.server.stub.Echo(HELLO))
        assert court.metric("nectary_risk_bad_documents_total") == 3


GOOD = encoded(RuleSet(2, (NEVER,))).encode()
BAD_RULES = {
    "half written": GOOD[: len(GOOD) // 2],
    "absent": b"",
    "another thing": b'["rules"]',
    "invalid": encoded(RuleSet(2, (replace(NEVER, rule_id="NOT OK"),))).encode(),
    "a condition that is none": encoded(RuleSet(2, (replace(NEVER, condition="scene +"),))).encode(),
}


@pytest.mark.parametrize("document", BAD_RULES.values(), ids=BAD_RULES)
async def test_f41_rules_that_are_bad_at_reload_are_not_loaded_and_the_last_good_ones_stay(
    judged: Judged, redis_client: Redis, document: bytes
) -> None:
    await put_in_force(redis_client, NEVER)
    async with judged() as court:
        await publish_rules(redis_client, 2, document)
        await until(lambda: court.metric("nectary_risk_bad_documents_total") == 1)
        await refusal(court.server.stub.Echo(HELLO))
        assert court.in_force == 1
        await put_in_force(redis_client, revision=3)
        await until(lambda: court.in_force == 3)
        await court.server.stub.Echo(HELLO)


async def test_f41_a_rule_file_that_is_bad_at_start_stops_it(judged: Judged, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_bytes(GOOD[: len(GOOD) // 2])
    with pytest.raises(ValueError, match="no RuleSet"):
        async with judged(risk_rules=str(rules)):
            raise AssertionError("it started")


async def test_f41_a_rule_file_that_turns_bad_leaves_the_last_good_rules(
    judged: Judged, redis_client: Redis, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_bytes(GOOD)
    async with judged(risk_rules=str(rules)) as court:
        await refusal(court.server.stub.Echo(HELLO))
        rules.write_bytes(GOOD[: len(GOOD) // 2])
        await asyncio.sleep(1.5)
        await refusal(court.server.stub.Echo(HELLO))
        rules.write_text(encoded(RuleSet(5)))
        await until(lambda: court.in_force == 5)
        await put_in_force(redis_client, NEVER, revision=6)
        await until(lambda: court.in_force == 6)
