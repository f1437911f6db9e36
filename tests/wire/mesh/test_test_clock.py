"""The test clock over the wire, through its own client."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from clients import InvalidRequest, TestClockClient, Unimplemented
from domain.shared.instants import Instant
from servers.mesh.clock import TestClock
from servers.mesh.resources import Resources
from servers.mesh.slices import Slice
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, running

NEXT_YEAR = datetime(2027, 11, 22, 8, 30, 0, 123_456, tzinfo=UTC)


@pytest.fixture
async def clock(embedded: Running) -> AsyncIterator[TestClockClient]:
    async with TestClockClient.connect(embedded.address) as client:
        yield client


async def test_the_clock_is_set_to_the_microsecond_and_stands_still_when_frozen(
    clock: TestClockClient,
) -> None:
    assert await clock.set(NEXT_YEAR, frozen=True) == NEXT_YEAR
    assert await clock.now() == NEXT_YEAR
    assert await clock.advance(timedelta(days=1, microseconds=1)) == NEXT_YEAR + timedelta(
        days=1, microseconds=1
    )


async def test_the_clock_runs_on_with_real_time(clock: TestClockClient) -> None:
    await clock.set(NEXT_YEAR)
    await asyncio.sleep(0.05)
    assert timedelta(seconds=0.04) < await clock.now() - NEXT_YEAR < timedelta(seconds=5)


@pytest.mark.parametrize("by", [timedelta(0), timedelta(seconds=-1), timedelta(days=36_526)])
async def test_it_moves_forward_and_not_absurdly_far(clock: TestClockClient, by: timedelta) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await clock.advance(by)
    assert [violation.field for violation in caught.value.violations] == ["by"]


async def test_it_does_not_pass_the_year_9999(clock: TestClockClient) -> None:
    await clock.set(datetime(9990, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidRequest) as caught:
        await clock.advance(timedelta(days=36_000))
    assert caught.value.violations[0].reason == "TIME_OUT_OF_RANGE"


async def test_a_server_without_test_clock_does_not_know_the_method(strict: Running) -> None:
    async with TestClockClient.connect(strict.address) as client:
        with pytest.raises(Unimplemented) as caught:
            await client.now()
    assert caught.value.reason == "METHOD_UNKNOWN"


async def test_jobs_have_done_what_fell_due_when_the_call_returns(echo: EchoServicer) -> None:
    done: list[Instant] = []

    async def make(resources: Resources) -> Slice:
        assert isinstance(resources.clock, TestClock)

        async def expire(now: Instant) -> None:
            await asyncio.sleep(0.05)
            done.append(now)

        resources.clock.subscribe(expire)
        return Slice("expiring", [])

    async with (
        running(echo, test_clock=True, extra=[make]) as server,
        TestClockClient.connect(server.address) as client,
    ):
        await asyncio.gather(client.set(NEXT_YEAR), client.advance(timedelta(days=1)))
    assert len(done) == 2
