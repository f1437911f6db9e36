"""The jobs of a sale, killed at one step: the sweep of open claims (CP8), and the expiry (CP9)."""

import asyncio
from contextlib import suppress

from google.protobuf.duration_pb2 import Duration

from clients import NectaryError
from tests.faults.kill_points import COMMITTED
from tests.faults.rounds import Fate, Round
from tests.faults.sale_ground import SaleGround
from tests.faults.work import until

OLD_SECONDS = 2.1
"""After which a claim is taken for that of a dead attempt."""
PAYMENT_SECONDS = 1
STARTED_SECONDS = 10
"""A server that was to die on the way has not come so far by then."""


class SweepRounds:
    """An attempt dies with its claim open; so does the server that would sweep it."""

    def __init__(self, land: SaleGround, activity_id: str) -> None:
        self._land = land
        self._activity_id = activity_id

    async def killed_at(self, number: int) -> Round:
        """The fate is ONCE if the sweep had done its work before."""
        land = self._land
        land.server.die_at("^SQL SELECT seckill_order", 1)
        with suppress(NectaryError):
            await land.client.reserve_unit(self._activity_id, land.new_member())
        await land.server.death()
        await asyncio.sleep(OLD_SECONDS)
        await land.restart_doomed("^SQL SELECT seckill_activity.activity_id", number)
        await land.server.death(STARTED_SECONDS)
        result = Round(land.server.steps()[-1], Fate.NEVER, point="CP8")
        await land.restart(jobs=True)
        result.violations += await land.amiss(self._activity_id)
        await land.restart(jobs=False)
        return result


class ExpiryRounds:
    """The server dies at a step of the group that ends a reservation which nobody paid for."""

    BEGINS = "^SQL UPDATE seckill_activity"

    def __init__(self, land: SaleGround) -> None:
        self._land = land

    async def killed_at(self, number: int) -> Round:
        """The fate is ONCE if the order had ended before."""
        land = self._land
        await land.restart(jobs=True)
        activity_id = await land.opened(1, payment_timeout=Duration(seconds=PAYMENT_SECONDS))
        await land.client.reserve_unit(activity_id, land.new_member())
        land.server.die_at(self.BEGINS, number)
        await land.server.death()
        steps = land.server.steps()
        result = Round(steps[-1], Fate.ONCE if COMMITTED in steps else Fate.NEVER, point="CP9")
        await land.restart(jobs=True)
        await until(lambda: land.books(activity_id).states["EXPIRED"] == 1)
        result.violations += await land.amiss(activity_id)
        result.expect(land.books(activity_id).told("OrderExpired") == 1, "its end was not told once")
        await land.client.reserve_unit(activity_id, land.new_member())
        result.violations += await land.amiss(activity_id)
        await land.restart(jobs=False)
        return result
