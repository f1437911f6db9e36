"""One of two servers dies in the middle of a sale, and nobody starts it again (row 18)."""

import asyncio
from contextlib import suppress

import pytest

from clients import NectaryError, SeckillClient, connect
from tests.faults.process import Nursery
from tests.faults.sale_ground import SaleGround

STOCK = 120
PATIENCE_SECONDS = 8.0
"""Less than until the next comparison of all: who helps is the sweep."""

pytestmark = pytest.mark.timeout(120)


async def test_what_a_dead_server_had_claimed_is_sold_by_the_other(
    sale_land: SaleGround, servers: Nursery
) -> None:
    """I1, I2, I6: no unit is a server's own; those who come back buy, and others for the rest."""
    land = sale_land
    await land.restart(jobs=True)
    mortal = await servers.start(**land.settings(jobs=True))
    activity_id = await land.opened(STOCK)
    members = [f"m{number}" for number in range(STOCK)]
    # Units are claimed for the first of them, and their server dies before one of these is sold.
    mortal.die_at("^SQL INSERT INTO seckill_order", 1)
    async with connect(mortal.address) as channel:
        client = SeckillClient(channel)
        first = members[: STOCK // 2]
        asked = [client.reserve_unit(activity_id, one, request_id=f"r-{one}") for one in first]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(outcome, NectaryError) for outcome in outcomes)
    await mortal.death()
    mortal.kill()
    assert land.books(activity_id).held == 0
    coming = [*members[STOCK // 4 :], *(f"late{number}" for number in range(STOCK // 4))]
    assert all(await asyncio.gather(*(_insist(land.client, activity_id, one) for one in coming)))
    assert await land.amiss(activity_id) == []
    assert land.books(activity_id).held == STOCK


async def _insist(client: SeckillClient, activity_id: str, member: str) -> bool:
    """The same request until it is answered."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with suppress(NectaryError):
                    await client.reserve_unit(activity_id, member, request_id=f"r-{member}")
                    return True
                await asyncio.sleep(0.05)
    return False
