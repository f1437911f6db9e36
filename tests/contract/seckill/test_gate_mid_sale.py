"""The gate goes wrong in the middle of a real sale: too much, too little, or as it was a while ago."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
import redis.asyncio

from domain.seckill.activity import Activity
from domain.seckill.commands import Cancel
from domain.seckill.comparison import Difference
from servers.seckill.gate.keys import gate_keys
from servers.seckill.sale.commits import Commits
from tests.conftest import started
from tests.contract.seckill.processes import CLOCK, Process, opened_now, processes
from tests.contract.seckill.test_life import members, ordered, sound, together
from tests.contract.seckill.test_trouble import counted
from tests.servers import Redis

pytestmark = pytest.mark.timeout(120)
RedisClient = redis.asyncio.Redis


pytestmark = pytest.mark.parametrize(
    ("store_url", "server"), [("sqlite", Redis.valkey), ("mysql", Redis.installed)], indirect=True
)
"""Each database with one kind of Redis, neither of which knows of the other."""


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """A server of the test's own, to be ended."""
    yield from started(request.param)


@pytest.fixture
async def pair(seckill_url: str, server: Redis) -> AsyncIterator[list[Process]]:
    async with processes(seckill_url, server.url, 2) as both:
        yield both


async def warmed(server: Redis, activity: Activity, left: int) -> None:
    """As by hand, or by a warm-up that did not look at the orders."""
    key = gate_keys(activity.activity_id)[0]
    async with redis.asyncio.from_url(server.url) as client:
        tranches = await client.hget(key, "tranches")
        assert isinstance(tranches, bytes)
        first, *others = tranches.split(b" ")
        stock, _, release = first.split(b":")
        wrong = b" ".join([b"%b:%d:%b" % (stock, left, release), *others])
        await client.hset(key, "tranches", wrong)


async def crowds(pair: Sequence[Process], activity: Activity, count: int, prefix: str) -> int:
    """How many got an order."""
    halves = (members(count, f"{prefix}{number}-") for number in range(2))
    bought = await asyncio.gather(
        *(one.crowd(activity, half) for one, half in zip(pair, halves, strict=True))
    )
    return sum(len(orders) for orders, _ in bought)


async def test_a_gate_warmed_with_too_much_sells_no_unit_twice_and_is_mended_at_once(
    pair: list[Process], seckill_url: str, server: Redis
) -> None:
    """I1, I6, SK-7; failure rows 3 and 15: the database refuses, and refuses few."""
    activity = await opened_now(pair[0], 100)
    assert await crowds(pair, activity, 40, "early") == 80
    await pair[0].balanced(activity)
    await warmed(server, activity, 5_000)
    assert await crowds(pair, activity, 100, "rush") == 20
    await pair[0].balanced(activity)
    with counted() as statements:
        assert await crowds(pair, activity, 300, "late") == 0
    assert len([one for one in statements if "INSERT INTO seckill_order" in one]) == 0
    assert sound(seckill_url, activity).held == 100


async def test_a_gate_warmed_with_too_little_sells_all_after_the_next_comparison(
    pair: list[Process], seckill_url: str, server: Redis
) -> None:
    """I2: no unit is lost for good."""
    activity = await opened_now(pair[0], 100)
    assert await crowds(pair, activity, 40, "early") == 80
    await pair[0].balanced(activity)
    await warmed(server, activity, 0)
    found = await pair[0].gate.compare(activity.activity_id, repair=True)
    assert (found.differences, found.is_repaired) == ({Difference.UNBALANCED: 1}, True)
    bought = await asyncio.gather(*(pair[1].insist(activity, member, 5) for member in members(20, "late")))
    assert all(bought)
    assert sound(seckill_url, activity).held == 100
    assert sum((await pair[0].balanced(activity)).left) == 0


async def test_a_failover_to_a_gate_of_a_while_ago_costs_no_unit_and_makes_none(
    pair: list[Process], seckill_url: str, server: Redis
) -> None:
    """SK-5, I1, I2; failure row 15: a replica that lagged behind became the store, with old records open."""
    activity = await opened_now(pair[0], 300)
    assert await crowds(pair, activity, 40, "early") == 80
    async with redis.asyncio.from_url(server.url) as client:
        await client.save()
    assert await crowds(pair, activity, 40, "lost") == 80
    server.kill()
    during = await crowds(pair, activity, 20, "during")
    assert during == 40
    server.start()
    rush = members(200, "rush")
    bought = await asyncio.gather(
        *(pair[number % 2].insist(activity, member, 6) for number, member in enumerate(rush))
    )
    assert sum(order is not None for order in bought) == 100
    assert sound(seckill_url, activity).held == 300
    await pair[0].gate.compare(activity.activity_id, repair=True)
    assert sum((await pair[0].balanced(activity)).left) == 0


async def test_a_process_that_starts_finds_what_the_dead_one_sold_and_told_nobody(
    seckill_url: str, server: Redis
) -> None:
    """I6, CP6, CP9, in five seconds and without a lease: orders that the gate never saw, and ended ones."""
    async with processes(seckill_url, server.url) as [dead]:
        activity = await opened_now(dead, 50)
        orders, _ = await dead.crowd(activity, members(20))
        await dead.balanced(activity)
        untold = Commits(dead.store, CLOCK, None, None)
        await ordered(untold, activity, *members(10, "untold"))
        await together(untold, activity, *(Cancel(order.order_id, "") for order in orders[:5]))
    async with processes(seckill_url, server.url) as [alive]:
        found = await alive.balanced(activity, seconds=5)
        assert found.held_units == {1: 25}
    assert sound(seckill_url, activity).held == 25


async def test_who_bought_hears_so_again_whatever_has_become_of_gate_and_order(
    pair: list[Process], seckill_url: str, server: Redis
) -> None:
    """I5: sold out, flagged, emptied, and with a new gate: the same order for the same request."""
    activity = await opened_now(pair[0], 30)
    orders, _ = await pair[0].crowd(activity, members(30))
    first = {order.member_id: order.order_id for order in orders}

    async def hears_again() -> None:
        for process in pair:
            repeats, refusals = await process.crowd(activity, list(first))
            assert not refusals
            assert {order.member_id: order.order_id for order in repeats} == first

    await hears_again()
    await crowds(pair, activity, 20, "flagging")
    await asyncio.sleep(0.2)
    await hears_again()
    async with redis.asyncio.from_url(server.url) as client:
        await client.flushall()
    await hears_again()
    await pair[0].balanced(activity)
    await crowds(pair, activity, 20, "flagging again")
    await hears_again()
    assert sound(seckill_url, activity).held == 30
