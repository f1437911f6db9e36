"""Gates are made from the orders at any moment, by whoever comes, and never sell a unit twice."""

import asyncio
import secrets

import redis.asyncio

from domain.seckill.gate import Claim, OrderFact, Part, Verdict
from domain.seckill.gate_model import LOADER_SILENT
from servers.seckill.gate.keys import gate_keys
from servers.seckill.gate.things import LOAD, NOBODY, beginning
from tests.contract.conftest import eventually
from tests.gate.ledger import Ledger, a_gate, a_shape, buy, claims
from tests.servers import Redis

RedisClient = redis.asyncio.Redis


async def begin(client: RedisClient, ledger: Ledger) -> None:
    """As a loader does that dies at once."""
    arguments = [b"0", *beginning(secrets.token_hex(4).encode(), ledger.shapes["a"], LOADER_SILENT)]
    assert await LOAD.run(client, gate_keys("a"), arguments) == 1


async def left_of(client: RedisClient) -> list[int]:
    tranches = await client.hget(gate_keys("a")[0], "tranches")
    assert isinstance(tranches, bytes)
    return [int(part.split(b":")[1]) for part in tranches.split()]


def an_order(number: int, units: int = 1, tranche: int = 1) -> OrderFact:
    return OrderFact(f"member-{number}", "r-1", units, tranche)


def with_orders(ledger: Ledger, orders: list[OrderFact]) -> Ledger:
    ledger.orders["a"] = {(order.member_id, order.request_id): order for order in orders}
    return ledger


async def test_a_gate_knows_every_order_and_what_is_left(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure row 15: what is left is not what was there at the beginning."""
    live = [an_order(number, number % 3 + 1, number % 2 + 1) for number in range(600)]
    ended = [an_order(number, 0) for number in range(600, 900)]
    ledger = with_orders(Ledger(a=a_shape(1000, Part(700, None))), live + ended)
    async with a_gate(redis_server.url, ledger) as gate:
        assert await gate.load("a")
        taken = [ledger.taken("a", 1), ledger.taken("a", 2)]
        assert (await left_of(redis_client))[:3] == [1000 - taken[0], 700 - taken[1], 0]
        found = await gate.compare("a", repair=False)
        assert (found.differences, found.is_balanced, found.is_still) == ({}, True, True)
        assert found.order_units == found.held_units == {1: taken[0], 2: taken[1]}
        answers = await asyncio.gather(
            *(gate.claim("a", Claim(order.member_id, order.request_id, 1, 0)) for order in live)
        )
        assert {answer.verdict for answer in answers} == {Verdict.HELD}


async def test_who_bought_long_ago_is_known_to_a_new_gate(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """I5, for an order that has ended, at a gate that was lost since."""
    ledger = with_orders(Ledger(a=a_shape(1)), [an_order(0, 0), an_order(1)])
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        old, new = Claim("member-0", "r-1", 1, 0), Claim("member-2", "r-1", 1, 0)
        assert (await gate.claim("a", old)).verdict is Verdict.KNOWN
        assert (await gate.claim("a", new)).verdict is Verdict.SOLD_OUT


async def test_two_loaders_at_once_make_one_gate(redis_server: Redis, redis_client: RedisClient) -> None:
    ledger = with_orders(Ledger(a=a_shape(1000)), [an_order(number) for number in range(700)])
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        loaded = await asyncio.gather(*(gate.load("a") for gate in (one, two) for _ in range(3)))
        assert any(loaded)
        assert (await left_of(redis_client))[0] == 300
        assert await two.load("a")


async def test_a_loader_that_died_is_followed_after_two_seconds(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Nobody is told that it is sold out meanwhile: the database alone decides."""
    ledger = with_orders(Ledger(a=a_shape(10)), [an_order(number) for number in range(4)])
    loop = asyncio.get_running_loop()
    async with a_gate(redis_server.url, ledger) as gate:
        await begin(redis_client, ledger)
        began = loop.time()
        assert not await gate.load("a")
        assert (await gate.claim("a", Claim("new", "r", 1, 0))).verdict is Verdict.MISSING

        async def is_there() -> bool:
            return (await gate.claim("a", Claim("new", "r", 1, 0))).verdict is Verdict.CLAIMED

        await eventually(is_there, seconds=8)
        assert loop.time() - began > 1.9
        assert (await left_of(redis_client))[0] == 5


async def test_what_is_sold_while_it_is_loaded_counts_once(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Whether the loader still sees the order or not."""
    ledger = with_orders(Ledger(a=a_shape(2000)), [an_order(number) for number in range(1000)])
    ledger.pause_seconds = 0.05
    async with a_gate(redis_server.url, ledger) as loader, a_gate(redis_server.url, ledger) as seller:
        loading = asyncio.create_task(loader.load("a"))
        for number in range(200):
            await asyncio.sleep(0.001)
            early, late = Claim(f"a{number}", "r", 1, 0), Claim(f"z{number}", "r", 1, 0)
            assert await buy(seller, ledger, "a", early) is Verdict.HELD
            assert await buy(seller, ledger, "a", late) is Verdict.HELD
        assert await loading

        async def fits() -> bool:
            return (await left_of(redis_client))[0] == 2000 - ledger.taken("a")

        await eventually(fits)
        assert (await loader.compare("a", repair=False)).differences == {}


async def test_a_sale_whose_store_is_emptied_again_and_again_ends_exactly_sold(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """I1, I2, SK-5; failure row 15."""
    ledger = Ledger(a=a_shape(400))
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        await one.load("a")
        for wave in range(8):
            crowd = [
                buy(gate, ledger, "a", claim)
                for at, gate in enumerate((one, two))
                for claim in claims(60, first=1000 * wave + 500 * at)
            ]
            buying = asyncio.gather(*crowd)
            await asyncio.sleep(0.002 * wave)
            if wave < 7:
                await redis_client.flushall()
            await buying
        assert ledger.taken("a") == 400

        async def fits() -> bool:
            found = await one.compare("a", repair=True)
            return found.is_there and not found.differences and found.left[0] == 0

        await eventually(fits)
        again = await asyncio.gather(*(two.claim("a", claim) for claim in claims(50, first=90_000)))
        assert {answer.verdict for answer in again} == {Verdict.SOLD_OUT}


async def test_a_new_gate_clears_the_flags_of_the_old_one(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure row 15: an old generation is refused."""
    ledger = Ledger(a=a_shape(5))
    someone = Claim("someone", "r", 1, 0)
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        await one.load("a")
        await asyncio.gather(*(buy(one, ledger, "a", claim) for claim in claims(5)))

        async def is_flagged() -> bool:
            await two.claim("a", someone)
            return two.is_sold_out("a", someone)

        await eventually(is_flagged)
        ledger.end("a", ("member-0", "r-1"))
        await redis_client.flushall()
        await one.load("a")

        async def is_sold() -> bool:
            return await buy(two, ledger, "a", someone) is Verdict.HELD

        await eventually(is_sold, seconds=3)


async def test_an_unknown_activity_gets_no_gate(redis_server: Redis, redis_client: RedisClient) -> None:
    async with a_gate(redis_server.url, Ledger()) as gate:
        assert not await gate.load("a")
        assert not await gate.reshape("a")
        assert (await gate.claim("a", Claim("ann", "r", 1, 0))).verdict is Verdict.MISSING
        assert [key async for key in redis_client.scan_iter()] == []


async def test_nobody_else_may_push_or_open(redis_server: Redis, redis_client: RedisClient) -> None:
    ledger = Ledger(a=a_shape(5))
    await begin(redis_client, ledger)
    async with a_gate(redis_server.url, ledger) as gate:
        assert await gate.reshape("a")
        assert (
            await LOAD.run(redis_client, gate_keys("a"), [b"0", b"OPEN", NOBODY, b"1", b"0", b"9", b"1"]) == 0
        )
        assert (await gate.claim("a", Claim("ann", "r", 1, 0))).verdict is Verdict.MISSING
