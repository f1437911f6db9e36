"""The gate against the orders: every difference is seen, and mended record by record."""

import asyncio

from redis.asyncio import Redis as RedisClient

from domain.seckill.comparison import PATIENCE, Difference, Found
from domain.seckill.gate import Claim, OrderFact, Verdict
from servers.seckill.gate.gate import Gate
from servers.seckill.gate.keys import gate_keys
from tests.gate.ledger import Ledger, a_gate, a_shape, buy, claims
from tests.servers import Redis

GATE, OPEN, HELD, MEMBERS, KNOWN = gate_keys("a")


async def sold(gate: Gate, ledger: Ledger, count: int) -> None:
    await gate.load("a")
    for claim in claims(count):
        assert await buy(gate, ledger, "a", claim) is Verdict.HELD
    await told(gate)


async def told(gate: Gate) -> None:
    """Returns when the gate has heard all that was said."""
    await gate.is_claimed("a", "nobody", "r")


async def seen(gate: Gate, *expected: Found) -> None:
    """A look sees it and changes nothing; a repair mends it; then nothing differs."""
    for _ in range(2):
        found = await gate.compare("a", repair=False)
        assert sorted(found.listed) == sorted(expected)
        assert not found.is_repaired
    found = await gate.compare("a", repair=True)
    assert sorted(found.listed) == sorted(expected)
    assert found.is_repaired
    after = await gate.compare("a", repair=False)
    assert (after.listed, after.is_balanced, after.is_still) == ([], True, True)


async def test_an_order_without_a_record_is_told(redis_server: Redis, redis_client: RedisClient) -> None:
    """The process that sold it died before it could tell."""
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await sold(gate, ledger, 3)
        ledger.commit("a", Claim("ann", "r", 2, 0))
        await seen(gate, Found(Difference.ORDER_WITHOUT_RECORD, "ann", "r", 2))
        assert (await gate.claim("a", Claim("ann", "r", 2, 0))).verdict is Verdict.HELD


async def test_a_claim_without_an_order_comes_back_when_it_is_old(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """I6; failure row 8: the process died between claim and commit. A young one is left to its attempt."""
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await sold(gate, ledger, 3)
        await gate.claim("a", Claim("ann", "r", 2, 0))
        assert (await gate.compare("a", repair=True)).listed == []
        assert await gate.sweep("a") == 0
        assert await gate.is_claimed("a", "ann", "r")
        await asyncio.sleep(PATIENCE / 1e6 + 0.1)
        await seen(gate, Found(Difference.CLAIM_WITHOUT_ORDER, "ann", "r", 2))
        assert not await gate.is_claimed("a", "ann", "r")


async def test_a_sweep_ends_what_the_dead_have_left_open(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """CP3, CP6: those with an order are settled, the others come back."""
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        for claim in claims(6):
            await gate.claim("a", claim)
        for claim in claims(2):
            ledger.commit("a", claim)
        await asyncio.sleep(PATIENCE / 1e6 + 0.1)
        assert await gate.sweep("a") == 6
        assert await gate.sweep("a") == 0
        found = await gate.compare("a", repair=False)
        assert (found.listed, found.left[0], found.held_units) == ([], 8, {1: 2})


async def test_a_record_of_an_order_that_ended_comes_back(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """CP9: the process that ended it died before it could tell."""
    ledger = Ledger(a=a_shape(3))
    async with a_gate(redis_server.url, ledger) as gate:
        await sold(gate, ledger, 3)
        ledger.end("a", ("member-1", "r-1"))
        await seen(gate, Found(Difference.RECORD_OF_ENDED_ORDER, "member-1", "r-1", 1))
        assert await buy(gate, ledger, "a", Claim("zoe", "r", 1, 0)) is Verdict.HELD


async def test_a_record_unlike_its_order_is_made_like_it(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    ledger = Ledger(a=a_shape(10, 10))
    async with a_gate(redis_server.url, ledger) as gate:
        await sold(gate, ledger, 3)
        gate.settle("a", [OrderFact("member-0", "r-1", 3, 2)])
        await told(gate)
        await seen(gate, Found(Difference.RECORD_UNLIKE_ORDER, "member-0", "r-1", 1))


async def test_a_missing_gate_is_loaded(redis_server: Redis, redis_client: RedisClient) -> None:
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await sold(gate, ledger, 3)
        await redis_client.delete(GATE)
        await seen(gate, Found(Difference.GATE_MISSING))


async def test_a_gate_that_did_not_hear_of_a_change_hears_of_it(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await sold(gate, ledger, 3)
        ledger.shapes["a"] = a_shape(20, revision=2)
        await seen(gate, Found(Difference.SETTINGS))
        assert (await gate.compare("a", repair=False)).left[0] == 17


async def test_a_gate_whose_count_is_wrong_is_loaded_anew(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure rows 3 and 15: warmed wrongly, whatever the reason."""
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await sold(gate, ledger, 4)
        tranches = await redis_client.hget(GATE, "tranches")
        assert isinstance(tranches, bytes)
        await redis_client.hset(GATE, "tranches", tranches.replace(b"10:6:0", b"10:60:0"))
        await seen(gate, Found(Difference.UNBALANCED))
        assert (await gate.compare("a", repair=False)).left[0] == 6


async def test_it_may_compare_in_the_middle_of_a_sale(redis_server: Redis, redis_client: RedisClient) -> None:
    """I1, I6: a repair takes from nobody, and gives nothing twice."""
    ledger = Ledger(a=a_shape(500))
    async with a_gate(redis_server.url, ledger) as gate, a_gate(redis_server.url, ledger) as other:
        await gate.load("a")
        repairing = True

        async def repair() -> None:
            while repairing:
                await other.compare("a", repair=True)

        repairs = asyncio.create_task(repair())
        verdicts = []
        for wave in range(12):
            crowd = claims(60, first=wave * 60)
            verdicts += await asyncio.gather(*(buy(gate, ledger, "a", claim) for claim in crowd))
            held = [key for key, order in ledger.orders["a"].items() if order.units][: wave * 2]
            for key in held:
                ledger.end("a", key)
            gate.drop("a", [(*key, 0) for key in held])
        repairing = False
        await repairs
        last = await asyncio.gather(*(buy(gate, ledger, "a", claim) for claim in claims(500, first=5000)))
        assert Verdict.SOLD_OUT in last
        assert ledger.taken("a") == 500
        found = await gate.compare("a", repair=False)
        assert (found.listed, found.left[0], found.is_balanced) == ([], 0, True)


async def test_many_records_are_compared_page_by_page(redis_server: Redis, redis_client: RedisClient) -> None:
    ledger = Ledger(a=a_shape(5000))
    ledger.orders["a"] = {("m", f"r{number}"): OrderFact("m", f"r{number}", 1, 1) for number in range(3000)}
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        for number in range(0, 3000, 10):
            ledger.end("a", ("m", f"r{number}"))
        found = await gate.compare("a", repair=True)
        assert found.differences == {Difference.RECORD_OF_ENDED_ORDER: 300}
        assert len(found.listed) == 100
        assert found.held_units == found.order_units == {1: 2700}
