"""The slice that these tests serve."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from clients import errors as downstream
from domain.shared.errors import (
    FieldViolation,
    Forbidden,
    Invalid,
    NotFound,
    Raced,
    Refused,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from servers.mesh.call import current_call, current_caller
from servers.mesh.process import SliceMaker
from servers.mesh.resources import Resources
from servers.mesh.slices import Served, Slice

Context = grpc.aio.ServicerContext[Any, Any]
CANARY = "canary-secret-sql-select-1"

FAILURES: dict[str, BaseException] = {
    "invalid": Invalid([FieldViolation("kind", "WRONG", "the kind is wrong")]),
    "invalid-much": Invalid([FieldViolation(f"f[{n}]", "WRONG", "x" * 100) for n in range(500)]),
    "not-found": NotFound("ORDER_NOT_FOUND", "no such order", order_id="o1"),
    "refused": Refused("TERM_PAUSED", "the term is paused", term_id="t1"),
    "forbidden": Forbidden("MEMBER_NOT_ALLOWED", "not that member"),
    "unauthenticated": Unauthenticated("CALLER_UNKNOWN", "who are you"),
    "raced": Raced("TRANSACTION_RACED", "another was first"),
    "throttled": Throttled("THROTTLED", "too often", 1234),
    "unavailable": Unavailable("STORE_UNAVAILABLE", "the database does not answer"),
    "downstream-unavailable": downstream.Unavailable(
        grpc.StatusCode.UNAVAILABLE, "elsewhere", reason="STORE_OVERLOADED", metadata={"a": "b"}
    ),
    "downstream-refused": downstream.Refused(grpc.StatusCode.FAILED_PRECONDITION, CANARY),
    "value-error": ValueError(CANARY),
    "broken-metadata": Refused("TERM_PAUSED", "half a character", term_id="\ud800"),
    "timeout": TimeoutError(CANARY),
    "cancelled": asyncio.CancelledError(CANARY),
    "exit": SystemExit(CANARY),
    "stop": StopAsyncIteration(CANARY),
}


class EchoServicer(rpc.EchoServiceServicer):
    def __init__(self) -> None:
        self.handled = 0
        self.cancelled = 0

    async def Echo(self, request: pb.EchoRequest, context: Context) -> pb.EchoResponse:
        self.handled += 1
        return pb.EchoResponse(
            text=request.text,
            caller=current_caller().name,
            request_id=current_call().request_id,
            remaining_ms=int((current_call().deadline - asyncio.get_running_loop().time()) * 1000),
        )

    async def Fail(self, request: pb.FailRequest, context: Context) -> pb.FailResponse:
        if request.kind == "quote":
            raise RuntimeError(f"could not log in with {request.password}")
        if request.kind == "wrong-answer":
            return None  # type: ignore[return-value]  # the mistake under test
        raise FAILURES[request.kind]

    async def Hold(self, request: pb.HoldRequest, context: Context) -> pb.HoldResponse:
        try:
            await asyncio.sleep(request.ms / 1000)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return pb.HoldResponse()

    async def Count(self, request: pb.CountRequest, context: Context) -> AsyncIterator[pb.CountResponse]:
        for number in range(1, request.to + 1):
            if number == 7:
                raise Refused("TERM_PAUSED", "seven is never reached", term_id="7")
            yield pb.CountResponse(number=number)
            await asyncio.sleep(0.01)

    async def Look(self, request: pb.LookRequest, context: Context) -> pb.LookResponse:
        self.handled += 1
        return pb.LookResponse(member_id=current_caller().member_id or "")


def echo_slice(servicer: EchoServicer) -> SliceMaker:
    async def make(resources: Resources) -> Slice:
        served = Served(rpc.add_EchoServiceServicer_to_server, servicer, "nectary.testing.v1.EchoService")
        return Slice("echo", [served])

    return make
