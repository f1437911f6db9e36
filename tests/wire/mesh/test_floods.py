"""Peers that are slow, many, or in a hurry (A-04, A-05, A-06, A-07): the others go on being served."""

import asyncio
import time
from typing import Any

import grpc
import pytest

from clients.errors import Throttled
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.interceptors.unknown import SCAN_CALLS
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.frames import Raw
from tests.wire.mesh.running import Running, channel_to, refusal, running, until

ECHO = "/nectary.testing.v1.EchoService/Echo"
HOLD = "/nectary.testing.v1.EchoService/Hold"


async def still_serves(server: Running) -> None:
    assert (await server.stub.Echo(pb.EchoRequest(text="on"), timeout=5)).text == "on"


async def closed_after(reader: asyncio.StreamReader, seconds: float) -> float:
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while await reader.read(65_536):
            pass
    return time.monotonic() - began


async def test_a_connection_that_says_nothing_is_closed_within_five_seconds(embedded: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", embedded.port)
    await still_serves(embedded)
    assert await closed_after(reader, 9) < 8
    writer.close()


async def test_a_connection_that_only_begins_a_greeting_is_closed_as_well(embedded: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", embedded.port)
    writer.write(b"PRI * HTTP/2.0\r\n")
    assert await closed_after(reader, 9) < 8
    writer.close()


async def test_a_call_that_never_sends_its_message_ends_at_the_methods_deadline(embedded: Running) -> None:
    async with Raw.connected(embedded.port) as raw:
        stream = raw.request(HOLD)
        await raw.flush()
        await still_serves(embedded)
        assert await raw.status(stream, 5) == "4"
    assert embedded.process.admission.running == 0


async def test_a_message_that_comes_a_byte_at_a_time_ends_at_the_methods_deadline(embedded: Running) -> None:
    async with Raw.connected(embedded.port) as raw:
        stream = raw.request(HOLD)
        await raw.send(stream, b"\x00\x00\x00\x00\x64", end=False)
        for _ in range(4):
            await raw.send(stream, b"\x08", end=False)
            await asyncio.sleep(0.05)
        await still_serves(embedded)
        assert await raw.status(stream, 5) == "4"


async def test_http_1_is_turned_away(embedded: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", embedded.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await closed_after(reader, 7)
    writer.close()
    await still_serves(embedded)


async def test_connections_above_the_cap_are_closed_at_once(echo: EchoServicer) -> None:
    async with running(echo, max_connections=10) as server:
        await still_serves(server)
        pairs = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(30)]
        await until(lambda: sum(reader.at_eof() for reader, _ in pairs) >= 20)
        await still_serves(server)
        for _, writer in pairs:
            writer.close()


async def test_streams_above_the_cap_wait_for_their_turn(echo: EchoServicer) -> None:
    async with running(echo, max_streams_per_connection=5) as server:
        # The client learns the cap with the server's first words; what it sends before is refused.
        await still_serves(server)
        calls = [
            asyncio.ensure_future(server.stub.Hold(pb.HoldRequest(ms=100), timeout=3)) for _ in range(12)
        ]
        most = 0
        while not all(call.done() for call in calls):
            most = max(most, server.process.admission.running)
            await asyncio.sleep(0.002)
        assert most == 5
        await asyncio.gather(*calls)


async def test_calls_above_the_cap_are_refused_at_once_and_told_when_to_come_back(echo: EchoServicer) -> None:
    async with running(echo, max_calls=3) as server:
        hold = pb.HoldRequest(ms=1000)
        holding = [asyncio.ensure_future(server.stub.Hold(hold, timeout=3)) for _ in range(3)]
        await until(lambda: server.process.admission.running == 3)
        error = await refusal(server.stub.Echo(pb.EchoRequest()))
        assert isinstance(error, Throttled)
        assert (error.reason, error.retry_after_seconds) == ("THROTTLED", 0.1)
        async with channel_to(server.address) as channel:
            check: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert await check(b"") == b"\x08\x01"
        await asyncio.gather(*holding)
        await still_serves(server)


async def test_far_more_calls_than_the_cap_are_all_answered_one_way_or_another(echo: EchoServicer) -> None:
    async with running(echo, max_calls=4, max_streams_per_connection=1000) as server:
        calls = [server.stub.Hold(pb.HoldRequest(ms=100), timeout=2) for _ in range(60)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        refused = [error for error in results if isinstance(error, grpc.aio.AioRpcError)]
        assert len(results) - len(refused) >= 4
        assert {error.code() for error in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        await still_serves(server)


async def test_too_many_pings_end_the_connection(embedded: Running) -> None:
    async with Raw.connected(embedded.port) as raw:
        for number in range(50):
            if raw.closed.is_set():
                break
            raw.h2.ping(number.to_bytes(8, "big"))
            await raw.flush()
            await asyncio.sleep(0.02)
        await asyncio.wait_for(raw.closed.wait(), 5)
        assert raw.ended_by is not None
        assert raw.ended_by.additional_data == b"too_many_pings"
    await still_serves(embedded)


async def test_a_connection_does_not_live_for_ever(echo: EchoServicer) -> None:
    async with running(echo, connection_age_seconds=1) as server, Raw.connected(server.port) as raw:
        await asyncio.wait_for(raw.closed.wait(), 5)
        await still_serves(server)


async def test_a_rapid_reset_leaves_the_server_serving(embedded: Running, echo: EchoServicer) -> None:
    """CVE-2023-44487: thousands of streams opened and reset, faster than they can be begun."""
    async with Raw.connected(embedded.port) as raw:
        for number in range(5_000):
            stream = raw.request(ECHO)
            raw.h2.reset_stream(stream)
            if number % 100 == 99:
                await raw.flush()
            if raw.closed.is_set():
                break
        await still_serves(embedded)
    await until(lambda: embedded.process.admission.running == 0)
    assert echo.handled <= 2


@pytest.mark.parametrize(
    "path", ["/a.B/C", "/nectary.testing.v1.EchoService/echo", "/", "//", "/a", "/a.B/C/D"]
)
async def test_an_unknown_method_is_unimplemented(strict: Running, path: str) -> None:
    async with Raw.connected(strict.port) as raw:
        stream = raw.request(path)
        await raw.send(stream, b"\x00\x00\x00\x00\x00", end=True)
        assert await raw.status(stream) == "12"


async def test_a_scan_for_methods_is_counted_by_address_not_by_connection(strict: Running) -> None:
    for number in range(SCAN_CALLS):
        async with channel_to(strict.address) as channel:
            call: Any = channel.unary_unary(f"/scan.Service/Method{number}")
            error = await refusal(call(b""))
            assert (error.code, error.reason) == (grpc.StatusCode.UNIMPLEMENTED, "METHOD_UNKNOWN")
    assert strict.process.unknown.count_of("ipv4:127.0.0.1") == SCAN_CALLS
    assert set(strict.process.metrics.tallies) >= {"unknown"}
    assert not any("scan" in method for method in strict.process.metrics.tallies)
