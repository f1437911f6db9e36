"""One step of a buyer, whose server sleeps there past its turn, its claim's time and its leases, and wakes.

Meanwhile another server sells on, sweeps what looks dead, and takes over the jobs (failure row 19).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from clients import NectaryError, SeckillClient, connect
from tests.faults.crash_points import point_of
from tests.faults.process import Server
from tests.faults.rounds import Fate, Round
from tests.faults.sale_ground import SaleGround
from tests.faults.sale_rounds import BEGINS, MOST_STEPS, reserving
from tests.faults.work import until

ASLEEP_SECONDS = 5.0
"""Longer than a turn (1 s), the patience with a claim (2 s) and its sweep (1 s), the expiry's lease (3 s)."""
REACHED_SECONDS = 20.0
OTHERS = 5
"""Members who buy from the other server meanwhile."""


class PausedRounds:
    """A reservation at the ground's server, which is stopped at one step; `other` serves the same stores.

    It must come from another nursery: the servers of one share their orders.
    """

    def __init__(self, land: SaleGround, other: Server, activity_id: str) -> None:
        self._land = land
        self._other = other
        self._activity_id = activity_id

    async def every_step(self, stride: int = 1) -> AsyncIterator[Round]:
        """Until it is answered before it falls asleep."""
        for number in range(1, MOST_STEPS, stride):
            result = await self._stopped_at(number)
            if result is None:
                return
            yield result

    async def _stopped_at(self, number: int) -> Round | None:
        land, member = self._land, self._land.new_member()
        act = await reserving(land, self._activity_id, member)
        land.server.stop_at(BEGINS[reserving], number)
        acting = asyncio.ensure_future(act())
        await self._sleep()
        if acting.done():
            land.server.wake()
            return None
        steps = land.server.steps()
        async with connect(self._other.address) as channel:
            await self._selling_on(SeckillClient(channel), ASLEEP_SECONDS)
        land.server.wake()
        with suppress(NectaryError):
            await acting
        result = Round(steps[-1], Fate.ONCE, point=point_of(steps))
        first = await act()
        result.expect(await act() == first, "a retry answers something else")
        result.violations += await land.amiss(self._activity_id)
        return result

    async def _sleep(self) -> None:
        """Returns when the server sleeps: at the latest at a step of one of its jobs."""
        await until(lambda: self._land.server.is_asleep, REACHED_SECONDS)

    async def _selling_on(self, client: SeckillClient, seconds: float) -> None:
        """Of those whom the sleeper's transaction keeps waiting, nothing is asked but that nothing breaks."""
        buying = [self._bought(client, self._land.new_member()) for _ in range(OTHERS)]
        await asyncio.gather(asyncio.sleep(seconds), *buying)

    async def _bought(self, client: SeckillClient, member: str) -> None:
        with suppress(NectaryError):
            await client.reserve_unit(self._activity_id, member, request_id=f"r-{member}")
