"""The client's defaults: typed errors, deadlines, retries, and what it must never repeat."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

import clients
from clients.channel import Channel, connect
from clients.contract import RetryPolicy, service_config
from clients.incoming import INCOMING
from nectary.common.v1 import test_clock_service_pb2
from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from tests.wire.mesh.certificates import Authority, service
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, running, until

SERVICE = pb.DESCRIPTOR.services_by_name["EchoService"]
CLOCK = test_clock_service_pb2.DESCRIPTOR.services_by_name["TestClockService"]


@pytest.fixture
async def stub(embedded: Running) -> AsyncIterator[rpc.EchoServiceStub]:
    async with connect(embedded.address, SERVICE) as channel:
        yield rpc.EchoServiceStub(channel)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("invalid", clients.InvalidRequest), ("not-found", clients.NotFound), ("refused", clients.Refused),
        ("forbidden", clients.Forbidden), ("unauthenticated", clients.Unauthenticated),
        ("raced", clients.Raced), ("throttled", clients.Throttled), ("value-error", clients.Internal),
    ],
)  # fmt: skip
async def test_each_status_is_raised_as_its_own_kind(
    stub: rpc.EchoServiceStub, kind: str, error: type[clients.NectaryError]
) -> None:
    with pytest.raises(error) as caught:
        await stub.Fail(pb.FailRequest(kind=kind))
    assert type(caught.value) is error


async def test_an_error_carries_reason_metadata_violations_and_when_to_come_back(
    stub: rpc.EchoServiceStub,
) -> None:
    with pytest.raises(clients.Refused) as refused:
        await stub.Fail(pb.FailRequest(kind="refused"))
    assert (refused.value.reason, dict(refused.value.metadata)) == ("TERM_PAUSED", {"term_id": "t1"})
    with pytest.raises(clients.Throttled) as throttled:
        await stub.Fail(pb.FailRequest(kind="throttled"))
    assert throttled.value.retry_after_seconds == 1.234
    with pytest.raises(clients.InvalidRequest) as invalid:
        await stub.Fail(pb.FailRequest(kind="invalid"))
    assert invalid.value.violations == (clients.Violation("kind", "WRONG", "the kind is wrong"),)


async def test_a_stream_raises_typed_errors_too(stub: rpc.EchoServiceStub) -> None:
    answers = aiter(stub.Count(pb.CountRequest(to=9)))
    assert [(await anext(answers)).number for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(clients.Refused):
        await anext(answers)


async def test_the_deadline_is_the_methods_own_unless_the_caller_names_one(stub: rpc.EchoServiceStub) -> None:
    with pytest.raises(clients.DeadlineExceeded):
        await stub.Hold(pb.HoldRequest(ms=2500))
    await stub.Hold(pb.HoldRequest(ms=500), timeout=2.5)


async def test_an_idempotent_call_is_repeated_until_it_succeeds(echo: EchoServicer) -> None:
    """The server refuses all calls for a while; the client's own retry bridges it."""
    async with running(echo, max_calls=10) as server, connect(server.address, SERVICE) as channel:
        stub = rpc.EchoServiceStub(channel)
        admission = server.process.admission
        admission.close()
        asyncio.get_running_loop().call_later(0.15, setattr, admission, "_closed", False)
        assert (await stub.Echo(pb.EchoRequest(text="at last"))).text == "at last"
    assert echo.handled == 1


async def test_a_call_that_is_not_idempotent_is_never_repeated(echo: EchoServicer) -> None:
    async with running(echo) as server, connect(server.address, SERVICE) as channel:
        server.process.admission.close()
        with pytest.raises(clients.Unavailable) as caught:
            await rpc.EchoServiceStub(channel).Hold(pb.HoldRequest(ms=1))
        assert caught.value.reason == "DRAINING"
    # The answer goes out before the call is counted: only of an ended server all are.
    tally = server.process.metrics.tallies["/nectary.testing.v1.EchoService/Hold"]
    assert tally.endings["UNAVAILABLE", "DRAINING"] == 1


async def test_when_most_calls_fail_repeating_stops(echo: EchoServicer) -> None:
    """F-37: a retry storm dies out: at most half of the tokens are spent on it, however long it lasts."""
    async with running(echo) as server, connect(server.address, SERVICE) as channel:
        server.process.admission.close()
        stub = rpc.EchoServiceStub(channel)
        for _ in range(4):
            calls = [stub.Echo(pb.EchoRequest(), timeout=3) for _ in range(500)]
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(result, clients.Unavailable) for result in results)
    tally = server.process.metrics.tallies["/nectary.testing.v1.EchoService/Echo"]
    attempts = sum(tally.endings.values())
    assert 2_000 < attempts <= 2_000 + RetryPolicy().max_tokens // 2


def test_only_methods_that_declare_it_are_repeated() -> None:
    config = service_config([SERVICE, CLOCK], RetryPolicy())
    repeated = {name["method"] for name in config["methodConfig"][0]["name"]}
    assert repeated == {"Echo", "Fail", "Count", "Look", "GetTime", "SetTime"}
    assert "timeout" not in str(config)


async def test_an_unreachable_server_is_unavailable() -> None:
    async with connect("127.0.0.1:1", SERVICE, retry=RetryPolicy(max_attempts=2)) as channel:
        with pytest.raises(clients.Unavailable) as caught:
            await rpc.EchoServiceStub(channel).Echo(pb.EchoRequest())
    assert caught.value.reason == ""


async def test_a_call_made_in_no_time_is_not_even_sent(stub: rpc.EchoServiceStub, echo: EchoServicer) -> None:
    class Serving:
        request_id = "outer"
        deadline = asyncio.get_running_loop().time() + 0.004

    token = INCOMING.set(Serving())
    try:
        with pytest.raises(clients.DeadlineExceeded) as caught:
            await stub.Echo(pb.EchoRequest())
    finally:
        INCOMING.reset(token)
    assert caught.value.reason == "DEADLINE_SPENT"
    assert echo.handled == 0


async def test_over_tls_the_request_id_goes_along_the_chain_of_calls(
    echo: EchoServicer, tmp_path: Path
) -> None:
    authority = Authority()
    leaf = authority.leaf(service("honey"))
    tls = clients.Tls(authority.pem, leaf.certificate, leaf.key)
    credentials = authority.credentials(leaf)

    class Serving:
        request_id = "chain-7"
        deadline = asyncio.get_running_loop().time() + 5

    async with (
        running(echo, credentials=credentials, **authority.settings(tmp_path)) as server,
        connect(server.address, SERVICE, tls=tls) as channel,
    ):
        token = INCOMING.set(Serving())
        try:
            answer = await rpc.EchoServiceStub(channel).Echo(pb.EchoRequest())
        finally:
            INCOMING.reset(token)
    assert (answer.request_id, answer.caller) == ("chain-7", service("honey"))


async def test_a_cancelled_call_is_a_cancelled_task(
    embedded: Running, stub: rpc.EchoServiceStub, echo: EchoServicer
) -> None:
    call = asyncio.ensure_future(_held(stub))
    await until(lambda: embedded.process.admission.running == 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: echo.cancelled == 1)


async def _held(stub: rpc.EchoServiceStub) -> None:
    await stub.Hold(pb.HoldRequest(ms=5000), timeout=2)


async def test_a_channel_serves_calls_that_are_not_ours_as_well(embedded: Running) -> None:
    async with connect(embedded.address) as channel:
        assert isinstance(channel, Channel)
        await channel.channel_ready()
        assert channel.get_state() is grpc.ChannelConnectivity.READY
        assert await channel.unary_unary("/grpc.health.v1.Health/Check")(b"") == b"\x08\x01"
