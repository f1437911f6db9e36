"""Deadlines (F-32): every call has one, it is kept, and calls made meanwhile get what is left of it."""

import asyncio
import time
from typing import Any

import grpc

from clients.channel import SHARE_OF_REMAINING, connect
from clients.incoming import INCOMING
from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, refusal, until

LONG = pb.HoldRequest(ms=20_000)
DEFAULT_SECONDS = 0.3
SLACK_SECONDS = 3.0
"""What a busy machine may add."""


async def test_a_call_without_a_deadline_gets_its_methods_own(embedded: Running, echo: EchoServicer) -> None:
    began = time.monotonic()
    error = await refusal(embedded.stub.Hold(LONG))
    assert (error.code, error.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_SPENT")
    assert DEFAULT_SECONDS <= time.monotonic() - began < DEFAULT_SECONDS + SLACK_SECONDS
    assert echo.cancelled == 1


async def test_a_caller_may_ask_for_at_most_ten_times_the_default(
    embedded: Running, echo: EchoServicer
) -> None:
    began = time.monotonic()
    error = await refusal(embedded.stub.Hold(LONG, timeout=60))
    assert (error.code, error.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_SPENT")
    assert 10 * DEFAULT_SECONDS <= time.monotonic() - began < 10 * DEFAULT_SECONDS + SLACK_SECONDS
    assert echo.cancelled == 1


async def test_work_stops_within_50_ms_of_the_callers_deadline(embedded: Running, echo: EchoServicer) -> None:
    delays: list[float] = []
    for attempt in range(1, 6):
        error = await refusal(embedded.stub.Hold(LONG, timeout=0.2))
        assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
        delays.append(await until(lambda: embedded.process.admission.running == 0))
        assert echo.cancelled == attempt
    # The best of five: on a busy machine any single one can be late.
    assert min(delays) <= 0.05


async def test_work_stops_when_the_caller_goes_away(embedded: Running, echo: EchoServicer) -> None:
    call = embedded.stub.Hold(LONG, timeout=3)
    await until(lambda: embedded.process.admission.running == 1)
    call.cancel()
    await until(lambda: embedded.process.admission.running == 0)
    assert echo.cancelled == 1


async def test_a_call_with_too_little_time_left_is_not_begun(embedded: Running, echo: EchoServicer) -> None:
    error = await refusal(embedded.stub.Echo(pb.EchoRequest(text="late"), timeout=0.004))
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert echo.handled == 0


async def test_the_longest_deadline_that_the_wire_can_name_is_capped(embedded: Running) -> None:
    answer = await embedded.stub.Echo(pb.EchoRequest(text="soon"), metadata=(), timeout=99_999_999)
    assert answer.text == "soon"


async def test_a_stream_has_a_deadline_too(embedded: Running) -> None:
    stream = embedded.stub.Count(pb.CountRequest(to=6))
    assert [answer.number async for answer in stream] == [1, 2, 3, 4, 5, 6]
    lingering: Any = embedded.channel.stream_stream("/nectary.testing.v1.EchoService/Count")()
    assert await asyncio.wait_for(lingering.code(), 4) is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_call_made_inside_a_call_gets_what_is_left_less_a_margin(embedded: Running) -> None:
    class Serving:
        request_id = "outer"
        deadline = asyncio.get_running_loop().time() + 4

    token = INCOMING.set(Serving())
    try:
        async with connect(embedded.address) as channel:
            answer = await rpc.EchoServiceStub(channel).Echo(pb.EchoRequest())
    finally:
        INCOMING.reset(token)
    assert 1000 < answer.remaining_ms <= 4000 * SHARE_OF_REMAINING
