"""The gate's store is replaced by a copy that lacks the last sales, or answers when nobody waits any more."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import redis.asyncio

from domain.seckill.activity import Activity
from domain.seckill.gate import ALL_TRANCHES, Claim
from tests.conftest import started
from tests.contract.conftest import eventually
from tests.contract.seckill.processes import SLOW_SECONDS, Process, opened_now, processes
from tests.contract.seckill.rush import Rush
from tests.contract.seckill.test_life import members, sound
from tests.migrated import have_tables
from tests.sentinels import RedisWithSentinels
from tests.servers import Redis
from tests.toxics import Latency, Proxy, toxic_proxy

pytestmark = pytest.mark.timeout(120)
STOCK = 150


@pytest.fixture(params=["valkey", "redis"])
def watched(request: pytest.FixtureRequest) -> Iterator[RedisWithSentinels]:
    yield from started(lambda: RedisWithSentinels(of_wheel=request.param == "valkey"))


async def until_back(process: Process, activity: Activity) -> None:
    """The gate answers again, and is what the orders say."""
    await eventually(lambda: process.gate.load(activity.activity_id), seconds=30)
    await process.gate.compare(activity.activity_id, repair=True)


async def test_a_copy_that_sentinels_put_in_the_masters_place_sells_no_unit_again(
    mysql_url: str, watched: RedisWithSentinels
) -> None:
    """SK-5, row 15: it has never heard of 50 orders, and has a claim open that was sold since."""
    have_tables(mysql_url)
    async with processes(mysql_url, watched.url, 2) as pair:
        activity = await opened_now(pair[0], STOCK)
        rush = Rush(pair, activity)
        rush.come(30)
        await rush.orders(30)
        await pair[0].balanced(activity)
        await pair[0].gate.claim(activity.activity_id, Claim("m30", "r-m30", 1, ALL_TRANCHES))
        watched.cut()
        rush.come(50)
        await rush.orders(80)
        watched.lose_master()
        rush.come(20)
        await rush.orders(100)
        await until_back(pair[0], activity)
        rush.come(80)
        await rush.end(mysql_url)


@pytest.fixture
async def proxy(valkey: Redis) -> AsyncIterator[Proxy]:
    """Before an empty Redis."""
    async with redis.asyncio.from_url(valkey.url) as client:
        await client.flushall()
    async with toxic_proxy(valkey.port) as proxy:
        yield proxy


async def test_claims_whose_answers_come_too_late_are_nobodys_failure(seckill_url: str, proxy: Proxy) -> None:
    """I2, I4, row 11: all of them were made, nobody heard so, and the commit told everybody the truth."""
    async with processes(seckill_url, f"redis://127.0.0.1:{proxy.port}/0", 2) as pair:
        activity = await opened_now(pair[0], 40)
        proxy.add(Latency(latency=int(SLOW_SECONDS * 1_500)))
        crowds = await asyncio.gather(
            *(one.crowd(activity, members(30, f"late{number}-")) for number, one in enumerate(pair))
        )
        assert sound(seckill_url, activity).held == sum(len(orders) for orders, _ in crowds) == 40
        assert {refusal.reason for _, refusals in crowds for refusal in refusals} == {"SOLD_OUT"}
        proxy.clear()
        await until_back(pair[0], activity)
        assert sum((await pair[0].balanced(activity)).left) == 0
