"""kill -9 at the steps of a reservation, a payment, a cancellation, their jobs (CP1 to CP9; rows 8, 9)."""

import asyncio

import pytest
from google.protobuf.duration_pb2 import Duration

from tests.faults.job_rounds import every_step
from tests.faults.process import Nursery
from tests.faults.rounds import Fate
from tests.faults.sale_ground import RESOLVED_SECONDS, SaleGround
from tests.faults.sale_job_rounds import ExpiryRounds, SweepRounds
from tests.faults.sale_rounds import SaleRounds, Story, cancelling, paying, reserving
from tests.faults.work import until

pytestmark = pytest.mark.timeout(600)

STRIDE = 5
"""Each fifth step; each of them by `make kills`."""


async def test_a_reservation_killed_at_any_step_never_happened_or_happened_once(
    sale_land: SaleGround,
) -> None:
    """CP1 to CP7; I1 to I8: no claim outlives its attempt by five seconds, and the same request finds out."""
    activity_id = await sale_land.opened(1_000)
    rounds = [each async for each in SaleRounds(sale_land, reserving, activity_id).every_step(STRIDE)]
    assert [each.violations for each in rounds if each.violations] == []
    assert {each.fate for each in rounds} == {Fate.NEVER, Fate.ONCE}


@pytest.mark.parametrize("story", [paying, cancelling], ids=lambda story: story.__name__)
async def test_a_payment_or_a_cancellation_killed_on_its_way_never_happened_or_happened_once(
    sale_land: SaleGround, story: Story
) -> None:
    """SK-4: at some steps here, at all of them by `make kills`."""
    activity_id = await sale_land.opened(1_000)
    rounds = [each async for each in SaleRounds(sale_land, story, activity_id).every_step(2 * STRIDE)]
    assert [each.violations for each in rounds if each.violations] == []


async def test_an_expiry_killed_at_any_step_gives_the_unit_back_once(sale_land: SaleGround) -> None:
    """CP9."""
    rounds = [each async for each in every_step(ExpiryRounds(sale_land), STRIDE)]
    assert [each.violations for each in rounds if each.violations] == []


async def test_the_expiry_of_a_dead_server_is_taken_over_within_five_seconds(
    sale_land: SaleGround, servers: Nursery
) -> None:
    """I6: a lease that is left to run out keeps no unit from the next buyer for longer."""
    land = sale_land
    await land.restart(jobs=True)
    activity_id = await land.opened(1, payment_timeout=Duration(seconds=1))
    await land.client.reserve_unit(activity_id, land.new_member())
    land.server.kill()
    other = await servers.start(**land.settings(jobs=True))
    await asyncio.sleep(1)
    await until(lambda: land.books(activity_id).states["EXPIRED"] == 1, seconds=RESOLVED_SECONDS)
    other.kill()
    await land.restart(jobs=False)


async def test_a_sweep_that_is_killed_is_finished_by_the_next_one(sale_land: SaleGround) -> None:
    """CP8: an attempt dies with its claim open; so does the server that sweeps it, at each of some steps."""
    rounds = SweepRounds(sale_land, await sale_land.opened(100))
    for number in (1, 3):
        assert (await rounds.killed_at(number)).violations == []
