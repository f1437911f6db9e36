"""However a handler ends, the caller gets one status, at once, and nothing of our insides."""

import asyncio
from typing import Any

import grpc
import pytest
import structlog

from nectary.testing.v1 import echo_service_pb2 as pb
from tests.wire.mesh.echo import CANARY, FAILURES
from tests.wire.mesh.running import Running, refusal, until

EXPECTED = {
    "invalid": (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
    "invalid-much": (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
    "not-found": (grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND"),
    "refused": (grpc.StatusCode.FAILED_PRECONDITION, "TERM_PAUSED"),
    "forbidden": (grpc.StatusCode.PERMISSION_DENIED, "MEMBER_NOT_ALLOWED"),
    "unauthenticated": (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNKNOWN"),
    "raced": (grpc.StatusCode.ABORTED, "TRANSACTION_RACED"),
    "throttled": (grpc.StatusCode.RESOURCE_EXHAUSTED, "THROTTLED"),
    "unavailable": (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE"),
    "downstream-unavailable": (grpc.StatusCode.UNAVAILABLE, "STORE_OVERLOADED"),
}
INTERNAL = (grpc.StatusCode.INTERNAL, "INTERNAL")


@pytest.mark.parametrize("kind", [*FAILURES, "quote", "wrong-answer"])
async def test_every_error_ends_the_call_with_its_status_and_leaks_nothing(
    embedded: Running, kind: str
) -> None:
    call = embedded.stub.Fail(pb.FailRequest(kind=kind, password="hunter2"), timeout=5)
    error = await asyncio.wait_for(refusal(call), 2)
    assert (error.code, error.reason) == EXPECTED.get(kind, INTERNAL)
    wire = f"{await call.details()} {await call.trailing_metadata()}"
    assert CANARY not in wire
    assert "hunter2" not in wire
    if kind not in EXPECTED:
        assert error.message == "internal error"
        assert set(error.metadata) == {"request_id"}


async def test_nothing_stays_in_progress_after_any_error(embedded: Running) -> None:
    for kind in FAILURES:
        await refusal(embedded.stub.Fail(pb.FailRequest(kind=kind), timeout=5))
    await until(lambda: embedded.process.admission.running == 0)
    assert all(tally.in_progress == 0 for tally in embedded.process.metrics.tallies.values())


async def test_an_error_in_the_middle_of_a_stream_ends_it_with_a_status(embedded: Running) -> None:
    stream = embedded.stub.Count(pb.CountRequest(to=9))
    numbers = [await stream.read() for _ in range(6)]
    assert [answer.number for answer in numbers if isinstance(answer, pb.CountResponse)] == [1, 2, 3, 4, 5, 6]
    assert await stream.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_stream_that_ends_well_ends_ok(embedded: Running) -> None:
    answers = [answer.number async for answer in embedded.stub.Count(pb.CountRequest(to=3))]
    assert answers == [1, 2, 3]


async def test_the_log_has_the_trace_and_never_a_secret(embedded: Running) -> None:
    with structlog.testing.capture_logs() as records:
        error = await refusal(embedded.stub.Fail(pb.FailRequest(kind="quote", password="hunter2")))
    (record,) = [record for record in records if record["event"] == "call"]
    assert record["request_id"] == error.metadata["request_id"]
    assert "RuntimeError: could not log in with [secret]" in record["exception"]
    assert "hunter2" not in str(records)


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\xff", b"\x0a\x02\xc3\x28", b"\x0a" * 5000])
async def test_bytes_that_are_no_message_are_the_callers_fault(embedded: Running, body: bytes) -> None:
    call: Any = embedded.channel.unary_unary("/nectary.testing.v1.EchoService/Echo")
    error = await refusal(call(body))
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert [violation.reason for violation in error.violations] == ["MESSAGE_UNREADABLE"]


async def test_a_message_nested_ten_thousand_deep_is_refused_and_the_server_goes_on(
    embedded: Running,
) -> None:
    def wrapped(inner: bytes) -> bytes:
        length, prefix = len(inner), b""
        while True:
            low, length = length & 0x7F, length >> 7
            prefix += bytes([low | (0x80 if length else 0)])
            if not length:
                return b"\x1a" + prefix + inner

    body = b""
    for _ in range(10_000):
        body = wrapped(body)
    call: Any = embedded.channel.unary_unary("/nectary.testing.v1.EchoService/Echo")
    assert (await refusal(call(body))).code is grpc.StatusCode.INVALID_ARGUMENT
    assert (await embedded.stub.Echo(pb.EchoRequest(text="on"))).text == "on"


async def test_every_violation_is_listed_with_its_path(embedded: Running) -> None:
    request = pb.EchoRequest(
        text="x" * 101,
        items=[pb.Item(), pb.Item(amount=-1), pb.Item(inner=[pb.Item(amount=11)])],
    )
    request.time.nanos = 1
    request.items[0].time.seconds = -1
    request.items[2].inner[0].time.seconds = 253_402_300_800
    error = await refusal(embedded.stub.Echo(request))
    assert {(violation.field, violation.reason) for violation in error.violations} == {
        ("text", "STRING_MAX_LEN"),
        ("items[1].amount", "INT64_GTE_LTE"),
        ("items[2].inner[0].amount", "INT64_GTE_LTE"),
        ("time", "TIME_TOO_FINE"),
        ("items[0].time", "TIME_OUT_OF_RANGE"),
        ("items[2].inner[0].time", "TIME_OUT_OF_RANGE"),
    }


async def test_the_first_and_last_microsecond_of_the_calendar_are_taken(embedded: Running) -> None:
    request = pb.EchoRequest(text="ok")
    for seconds, nanos in ((0, 0), (253_402_300_799, 999_999_000)):
        request.time.seconds, request.time.nanos = seconds, nanos
        assert (await embedded.stub.Echo(request)).text == "ok"


async def test_a_refusal_told_again_is_told_in_the_same_words_and_a_bug_in_its_own(embedded: Running) -> None:
    told = [await refusal(embedded.stub.Fail(pb.FailRequest(kind="refused"))) for _ in range(3)]
    assert {(error.reason, error.message, error.metadata["term_id"]) for error in told} == {
        ("TERM_PAUSED", "the term is paused", "t1")
    }
    bugs = [await refusal(embedded.stub.Fail(pb.FailRequest(kind="broken-metadata"))) for _ in range(3)]
    assert len({error.metadata["request_id"] for error in bugs}) == 3
