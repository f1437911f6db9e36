"""Reads and moves the clock of a server that was started with `--test-clock`."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from nectary.common.v1 import test_clock_service_pb2 as pb
from nectary.common.v1 import test_clock_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel


class TestClockClient(Client):
    """`nectary.common.v1.TestClockService`. Times are aware; they are sent to the microsecond."""

    # The name begins like a test class; pytest is told that it is none.
    __test__ = False
    SERVICE = pb.DESCRIPTOR.services_by_name["TestClockService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.TestClockServiceStub(channel)

    async def now(self) -> datetime:
        """The server's time."""
        return _datetime_of((await self._stub.GetTime(pb.GetTimeRequest())).time)

    async def set(self, moment: datetime, *, frozen: bool = False) -> datetime:
        """Moves the clock to a moment; returns when the jobs that fell due have run."""
        time = Timestamp()
        time.FromDatetime(moment.astimezone(UTC))
        return _datetime_of((await self._stub.SetTime(pb.SetTimeRequest(time=time, frozen=frozen))).time)

    async def advance(self, by: timedelta) -> datetime:
        """Moves the clock on. Not idempotent: after an unknown outcome look at `now` first."""
        step = Duration()
        step.FromTimedelta(by)
        return _datetime_of((await self._stub.AdvanceTime(pb.AdvanceTimeRequest(by=step))).time)


def _datetime_of(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(UTC)
