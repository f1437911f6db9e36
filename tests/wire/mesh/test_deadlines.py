"""Deadlines (F-32): every call has one, it is kept, and calls made meanwhile get what is left of it."""

import asyncio
import time

import grpc

from clients.channel import connect
from clients.errors import DeadlineExceeded
from clients.incoming import INCOMING
from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, refusal

LONG = pb.HoldRequest(ms=20_000)
DEFAULT_SECONDS = 0.3


async def test_a_call_without_a_deadline_gets_its_methods_own(embedded: Running, echo: EchoServicer) -> None:
    began = time.monotonic()
    error = await refusal(embedded.stub.Hold(LONG))
    assert (error.code, error.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_SPENT")
    assert DEFAULT_SECONDS <= time.monotonic() - began < DEFAULT_SECONDS + 0.5
    assert echo.cancelled == 1


async def test_a_caller_may_ask_for_at_most_ten_times_the_default(
    embedded: Running, echo: EchoServicer
) -> None:
    began = time.monotonic()
    error = await refusal(embedded.stub.Hold(LONG, timeout=60))
    assert (error.code, error.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_SPENT")
    assert 10 * DEFAULT_SECONDS <= time.monotonic() - began < 10 * DEFAULT_SECONDS + 0.5
    assert echo.cancelled == 1


async def test_work_stops_within_50_ms_of_the_callers_deadline(embedded: Running, echo: EchoServicer) -> None:
    error = await refusal(embedded.stub.Hold(LONG, timeout=0.2))
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.sleep(0.05)
    assert echo.cancelled == 1
    assert embedded.process.admission.running == 0


async def test_work_stops_when_the_caller_goes_away(embedded: Running, echo: EchoServicer) -> None:
    call = embedded.stub.Hold(LONG, timeout=2)
    await asyncio.sleep(0.1)
    call.cancel()
    await asyncio.sleep(0.1)
    assert echo.cancelled == 1
    assert embedded.process.admission.running == 0


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
    lingering = embedded.channel.stream_stream("/nectary.testing.v1.EchoService/Count")()
    assert await asyncio.wait_for(lingering.code(), 2) is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_call_made_inside_a_call_gets_what_is_left_less_a_margin(embedded: Running) -> None:
    """Measured at the far end, which must end the call well before the near one's deadline."""

    class Serving:
        request_id = "outer"
        deadline = asyncio.get_running_loop().time() + 0.2

    token = INCOMING.set(Serving())
    try:
        async with connect(embedded.address) as channel:
            began = time.monotonic()
            try:
                await rpc.EchoServiceStub(channel).Hold(LONG)
            except DeadlineExceeded:
                assert 0.15 < time.monotonic() - began < 0.2
            else:
                raise AssertionError("held too long")
    finally:
        INCOMING.reset(token)
