"""Serves `nectary.common.v1.TestClockService`: only in a process that was started with a test clock."""

import asyncio
from typing import Any

import grpc

from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import LATEST, Instant
from nectary.common.v1 import test_clock_service_pb2 as pb
from nectary.common.v1 import test_clock_service_pb2_grpc as rpc
from servers.mesh.clock import TestClock
from servers.mesh.timestamps import instant_of, microseconds_of, timestamp_of

Context = grpc.aio.ServicerContext[Any, Any]


class TestClockServicer(rpc.TestClockServiceServicer):
    """Moves the one clock of the process; a call returns when all jobs that fell due have run."""

    __test__ = False

    def __init__(self, clock: TestClock) -> None:
        self._clock = clock
        # Two moves at once would let the second one's jobs run before the first one's.
        self._moving = asyncio.Lock()

    async def GetTime(self, request: pb.GetTimeRequest, context: Context) -> pb.GetTimeResponse:
        return pb.GetTimeResponse(time=timestamp_of(self._clock.now()), frozen=self._clock.frozen)

    async def SetTime(self, request: pb.SetTimeRequest, context: Context) -> pb.SetTimeResponse:
        async with self._moving:
            now = await self._clock.set(instant_of(request.time), frozen=request.frozen)
        return pb.SetTimeResponse(time=timestamp_of(now))

    async def AdvanceTime(self, request: pb.AdvanceTimeRequest, context: Context) -> pb.AdvanceTimeResponse:
        async with self._moving:
            step = microseconds_of(request.by)
            _require_within_calendar(self._clock.now() + step)
            now = await self._clock.advance(step)
        return pb.AdvanceTimeResponse(time=timestamp_of(now))


def _require_within_calendar(instant: Instant) -> None:
    if instant > LATEST:
        raise Invalid([FieldViolation("by", "TIME_OUT_OF_RANGE", "the clock may not pass the year 9999")])
