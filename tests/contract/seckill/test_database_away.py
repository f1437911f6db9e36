"""A sale whose MariaDB stops, restarts, or loses its answers, with the gate well all the time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis as RedisClient

from domain.shared.errors import DomainError, Unavailable
from tests.conftest import started
from tests.contract.seckill.processes import Process, opened_now, processes
from tests.contract.seckill.rush import Rush
from tests.contract.seckill.test_life import members, sound
from tests.migrated import have_tables
from tests.servers import MariaDB, Redis
from tests.toxics import ALWAYS, DropReply, DropRequest, Proxy, toxic_proxy

STOCK = 60
PAUSE_SECONDS = 3.0
REMEMBERED_SECONDS = 1.1
"""So long a process goes by what it has read of an activity."""

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def own_mariadb() -> Iterator[MariaDB]:
    """A durable one that these tests may stop and kill."""
    yield from started(lambda: MariaDB(durable=True))


@pytest.fixture(scope="module")
def own_url(own_mariadb: MariaDB) -> str:
    """One database for all of these tests: each has an activity of its own."""
    url = own_mariadb.create_database(f"sale_{uuid4().hex}")
    have_tables(url)
    return url


@pytest.fixture
async def proxy(own_mariadb: MariaDB) -> AsyncIterator[Proxy]:
    async with toxic_proxy(own_mariadb.port) as proxy:
        yield proxy


@pytest.fixture
async def pair(
    own_mariadb: MariaDB, own_url: str, proxy: Proxy, valkey: Redis
) -> AsyncIterator[list[Process]]:
    """Two processes whose wire to their database can be broken, and an empty Redis."""
    async with RedisClient.from_url(valkey.url) as client:
        await client.flushall()
    url = own_url.replace(str(own_mariadb.port), str(proxy.port))
    async with processes(url, valkey.url, 2) as both:
        yield both


async def test_a_database_that_is_mute_for_three_seconds_costs_no_unit_and_no_refusal_waits_for_it(
    pair: list[Process], own_url: str, own_mariadb: MariaDB
) -> None:
    """I7: what is sold out is refused meanwhile, with SOLD_OUT and not with an error."""
    gone, activity = await opened_now(pair[0], 5), await opened_now(pair[0], STOCK)
    await pair[0].crowd(gone, members(40))
    await pair[0].balanced(gone)
    await pair[0].crowd(gone, members(40, "flagging"))
    await asyncio.sleep(0.2)
    rush = Rush(pair, activity)
    rush.come(20)
    await rush.orders(20)
    own_mariadb.pause()
    loop = asyncio.get_running_loop()
    waking = loop.call_later(PAUSE_SECONDS, own_mariadb.resume)
    rush.come(STOCK)
    await asyncio.sleep(REMEMBERED_SECONDS)
    _, refusals = await pair[0].crowd(gone, members(500, "refused"))
    assert waking.when() > loop.time(), "nobody waited for the database"
    assert {refusal.reason for refusal in refusals} == {"SOLD_OUT"}
    await rush.end(own_url)


async def test_a_database_that_restarts_mid_sale_loses_no_order_that_anybody_was_told_of(
    pair: list[Process], own_url: str, own_mariadb: MariaDB
) -> None:
    activity = await opened_now(pair[0], STOCK)
    rush = Rush(pair, activity)
    for before, end in enumerate((own_mariadb.kill, own_mariadb.stop)):
        rush.come(10)
        await rush.orders(10 + 25 * before)
        rush.come(15)
        await asyncio.sleep(0.005)
        await asyncio.to_thread(end)
        await asyncio.sleep(0.05)
        # From this thread: the kernel ties a server's life to the thread that started it.
        own_mariadb.start()
    rush.come(STOCK)
    await rush.end(own_url)


@pytest.mark.parametrize("toxic", [DropReply, DropRequest])
async def test_commits_whose_answers_are_lost_mid_sale_sell_each_unit_once(
    pair: list[Process], own_url: str, proxy: Proxy, toxic: type[DropReply | DropRequest]
) -> None:
    """CP5, rows 10 and 11: again and again, in both processes, with claims behind every order."""
    activity = await opened_now(pair[0], STOCK)
    rush = Rush(pair, activity)
    for wave in range(1, 5):
        # One of each process, at least.
        proxy.add(toxic(command="COMMIT", times=2), name=f"lost-{wave}")
        rush.come(STOCK // 4)
        await rush.orders(STOCK // 4 * wave)
    await rush.end(own_url)


async def test_whoever_failed_may_try_again_at_once_anywhere(
    pair: list[Process], own_url: str, proxy: Proxy
) -> None:
    """Row 20: the claim of the attempt that failed is in nobody's way, the member's least of all."""
    one, two = pair
    activity = await opened_now(one, 2)
    proxy.add(DropRequest(command="UPDATE seckill_activity", times=ALWAYS))
    for member in ("ann", "bob"):
        with pytest.raises(Unavailable):
            await one.reserve(activity, member, "first")
    proxy.clear()
    same = await two.reserve(activity, "ann", "first")
    other = await one.reserve(activity, "bob", "second")
    assert (same.request_id, other.request_id) == ("first", "second")
    with pytest.raises(DomainError):
        await one.reserve(activity, "eve")
    assert sound(own_url, activity).held == 2
