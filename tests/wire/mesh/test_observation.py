"""What is logged and counted of each call.

A call's record is written after its answer has left: only an ended server has written them all.
"""

from pathlib import Path

import structlog

from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.interceptors.observe import MOST_REFUSALS
from tests.wire.mesh.certificates import Authority, gateway
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import refusal, running
from tests.wire.mesh.signing import Signer, bearer, token_settings


async def test_ordinary_calls_are_not_logged_and_all_are_counted(echo: EchoServicer) -> None:
    with structlog.testing.capture_logs() as records:
        async with running(echo, log_sample=0) as server:
            for _ in range(5):
                await server.stub.Echo(pb.EchoRequest(text="quiet"))
    assert not [record for record in records if record["event"] == "call"]
    tally = server.process.metrics.tallies["/nectary.testing.v1.EchoService/Echo"]
    assert tally.endings == {("OK", ""): 5}
    assert sum(tally.buckets) == 5


async def test_a_sampled_call_is_one_record_without_its_content(echo: EchoServicer) -> None:
    with structlog.testing.capture_logs() as records:
        async with running(echo, log_sample=1) as server:
            answer = await server.stub.Echo(pb.EchoRequest(text="private"))
    (record,) = [record for record in records if record["event"] == "call"]
    assert record["request_id"] == answer.request_id
    assert (record["code"], record["caller"], record["log_level"]) == ("OK", "local", "info")
    assert "private" not in str(record)


async def test_slow_calls_are_logged(echo: EchoServicer) -> None:
    with structlog.testing.capture_logs() as records:
        async with running(echo, log_sample=0, log_slow_ms=50) as server:
            await server.stub.Hold(pb.HoldRequest(ms=60), timeout=3)
    (record,) = [record for record in records if record["event"] == "call"]
    assert record["ms"] >= 50


async def test_a_refused_member_is_found_in_the_log(echo: EchoServicer, tmp_path: Path) -> None:
    authority, members = Authority(), Signer("members", "member")
    settings = authority.settings(tmp_path) | token_settings(tmp_path / "keys.json", members)
    credentials = authority.credentials(authority.leaf(gateway("bff")))
    token = members.token("m1")
    with structlog.testing.capture_logs() as records:
        async with running(echo, credentials=credentials, **settings) as server:
            await refusal(server.stub.Look(pb.LookRequest(member_id="m2"), metadata=bearer(token)))
    (record,) = [record for record in records if record["event"] == "call"]
    assert (record["caller"], record["member_id"]) == (gateway("bff"), "m1")
    assert record["reason"] == "MEMBER_NOT_ALLOWED"
    assert token not in str(records)


async def test_a_storm_of_refusals_is_counted_whole_and_logged_in_part(echo: EchoServicer) -> None:
    refused = pb.FailRequest(kind="throttled")
    with structlog.testing.capture_logs() as records:
        async with running(echo) as server:
            for _ in range(MOST_REFUSALS + 50):
                await refusal(server.stub.Fail(refused))
            await refusal(server.stub.Fail(pb.FailRequest(kind="value-error")))
    lines = [record for record in records if record["event"] == "call"]
    tally = server.process.metrics.tallies["/nectary.testing.v1.EchoService/Fail"]
    assert tally.endings[("RESOURCE_EXHAUSTED", "THROTTLED")] == MOST_REFUSALS + 50
    assert MOST_REFUSALS <= sum(line["log_level"] == "warning" for line in lines) < MOST_REFUSALS + 50
    assert [line["code"] for line in lines if line["log_level"] == "error"] == ["INTERNAL"]
