"""F-28: the wall clock of one replica is an hour off, or jumps. Windows are counted by the store's alone."""

import asyncio

import pytest

from domain.shared.instants import HOUR, SECOND, Instant
from servers.mesh.clock import SystemClock
from tests.contract.limiting.replicas import a_charge, replica
from tests.contract.limiting.test_faults import admitted
from tests.servers import Redis


class WrongClock:
    """The machine's clock, and so much more."""

    def __init__(self, off: int) -> None:
        self.off = off
        self._right = SystemClock()

    def now(self) -> Instant:
        return self._right.now() + self.off


@pytest.mark.parametrize("off", [HOUR, -HOUR, SECOND], ids=["fast", "slow", "a leap second"])
async def test_f28_a_replica_whose_clock_is_off_counts_with_the_others(valkey: Redis, off: int) -> None:
    charges, clock = [a_charge(50, subject=f"off by {off}")], WrongClock(off)
    async with replica(valkey.url, "right") as right, replica(valkey.url, "wrong", clock=clock) as wrong:
        count = await admitted(wrong, charges, 20)
        clock.off = -off
        count += sum(await asyncio.gather(admitted(right, charges, 40), admitted(wrong, charges, 40)))
        refused = await wrong.decide(charges, 1)
    assert count == 50
    assert 0 < refused.reckoning.retry_after_ms <= 60_000


@pytest.mark.parametrize("off", [HOUR, -HOUR], ids=["fast", "slow"])
async def test_f28_alone_it_goes_on_by_the_time_that_the_store_told(off: int) -> None:
    clock = WrongClock(off)
    server = Redis.valkey().start()
    try:
        async with replica(server.url, slow_seconds=0.05, clock=clock) as limiter:
            count = await admitted(limiter, [a_charge(10)], 4)
            server.kill()
            clock.off = -off
            count += await admitted(limiter, [a_charge(10)], 30)
            assert count == 10
    finally:
        server.discard()
