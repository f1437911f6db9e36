"""A server that is stopped past its leases, and goes on as if nothing had been (row 19; CP1 to CP9)."""

import asyncio
import signal
from contextlib import suppress

import pytest

from clients import NectaryError, SeckillClient, connect
from tests.faults.process import Nursery, Server, nursery
from tests.faults.sale_ground import sale_ground
from tests.faults.sale_pauses import PausedRounds
from tests.servers import Redis

STOCK = 150
ROUNDS = 2
PAUSE_SECONDS = 5
STRIDE = 9

pytestmark = pytest.mark.timeout(300)


async def test_a_server_that_slept_past_its_leases_sells_no_unit_twice(
    mysql_url: str, valkey: Redis, servers: Nursery
) -> None:
    """I1, I2, I6: stopped in the middle of its groups, while another sells on."""
    async with sale_ground(mysql_url, valkey.url, servers) as land:
        await land.restart(jobs=True)
        other = await servers.start(**land.settings(jobs=True))
        activity_id = await land.opened(STOCK)
        async with connect(other.address) as channel:
            for number in range(ROUNDS):
                sleeper = [land.server, other][number % 2]
                members = [f"m{number}-{one}" for one in range(STOCK)]
                buying = [
                    asyncio.create_task(
                        _buy([land.client, SeckillClient(channel)][one % 2], activity_id, name)
                    )
                    for one, name in enumerate(members)
                ]
                await asyncio.sleep(0.05)
                await _pause(sleeper)
                await asyncio.gather(*buying)
        assert await land.amiss(activity_id) == []
        assert land.books(activity_id).held == STOCK
        other.kill()


async def test_a_reservation_that_slept_at_a_step_of_its_own_is_had_once_or_never(
    mysql_url: str, valkey: Redis, servers: Nursery
) -> None:
    """Swept, expired and sold past by another server meanwhile; at each step by `make kills`."""
    async with sale_ground(mysql_url, valkey.url, servers) as land, nursery() as elsewhere:
        await land.restart(jobs=True)
        other = await elsewhere.start(**land.settings(jobs=True))
        rounds = PausedRounds(land, other, await land.opened(STOCK))
        done = [each async for each in rounds.every_step(STRIDE)]
        assert [each.violations for each in done if each.violations] == []
        assert len({each.point for each in done}) > 1


async def _buy(client: SeckillClient, activity_id: str, member: str) -> None:
    """Once, and again after whatever the pause did to the first."""
    for _ in range(2):
        with suppress(NectaryError):
            await client.reserve_unit(activity_id, member, request_id=f"r-{member}")
            return


async def _pause(server: Server) -> None:
    signal.pidfd_send_signal(server.pidfd, signal.SIGSTOP)
    await asyncio.sleep(PAUSE_SECONDS)
    signal.pidfd_send_signal(server.pidfd, signal.SIGCONT)
