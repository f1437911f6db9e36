"""What the gate promises while its store is well, on every kind of server."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis as RedisClient

from domain.seckill.gate import ALL_TRANCHES, Claim, Part, Verdict
from domain.shared.instants import SECOND
from servers.mesh.clock import SystemClock
from servers.seckill.gate.gate import Gate
from tests.contract.conftest import eventually
from tests.gate.differential import compared
from tests.gate.ledger import Ledger, a_gate, a_shape, buy, claims, count_of
from tests.servers import Redis

STEPS = 1_500
MOST_AT_ONCE = 64
"""More claims than that keep Redis for a millisecond."""


def test_scripts_and_model_agree_step_by_step(redis_server: Redis, redis_client: RedisClient) -> None:
    """I6; `make gates` does it at length."""
    tally = compared(redis_server.url, STEPS, seed=0)
    assert tally.complaints == []
    assert len(tally.verdicts) == len(Verdict) - 1


async def claimed(gate: Gate, wanted: list[Claim], activity_id: str = "a") -> int:
    answers = await asyncio.gather(*(gate.claim(activity_id, claim) for claim in wanted))
    return count_of(answers, Verdict.CLAIMED)


@pytest.mark.parametrize("stock", [1, 2, 64, 100, 150])
async def test_a_crowd_at_two_processes_claims_exactly_the_stock(
    redis_server: Redis, redis_client: RedisClient, stock: int
) -> None:
    """I1, I2, I3 with one unit each; failure rows 1, 2 and 6."""
    ledger = Ledger(a=a_shape(stock, member_limit=1))
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        assert await one.load("a")
        counts = await asyncio.gather(claimed(one, claims(300)), claimed(two, claims(300, first=300)))
        assert sum(counts) == stock
        again = await asyncio.gather(claimed(one, claims(300)), claimed(two, claims(300)))
        assert sum(again) == 0


async def test_one_members_flood_takes_his_limit_and_the_others_get_theirs(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """SK-3; failure row 4: 1 uid x 1,000 calls, then all others must buy."""
    ledger = Ledger(a=a_shape(1_001, member_limit=2))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        flood = [Claim("member-0", f"r{number}", 1, 0) for number in range(1_000)]
        assert await claimed(gate, flood) == 2
        assert await claimed(gate, claims(999, first=1)) == 999


async def test_a_crowd_is_cut_into_scripts_that_are_soon_over(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure row 31: none keeps Redis from others for more than some of its things."""
    ledger = Ledger(a=a_shape(3_000))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        await redis_client.config_resetstat()
        assert await claimed(gate, claims(3_000)) == 3_000
        assert await scripts_run(redis_client) >= 3_000 / MOST_AT_ONCE


async def test_baskets_around_the_last_units_lose_none(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure rows 5 and 14."""
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        wanted = [Claim(f"m{number}", "r", 3, 0) for number in range(20)]
        assert await claimed(gate, wanted) == 3
        assert await claimed(gate, claims(5)) == 1


async def test_baskets_and_single_units_at_the_same_moment_leave_nothing(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure row 5: nobody hears that it is sold out because of a basket that was too large."""
    ledger = Ledger(a=a_shape(31))
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        await one.load("a")
        baskets = (one.claim("a", Claim(f"m{number}", "r", 3, 0)) for number in range(20))
        singles = (two.claim("a", single) for single in claims(40))
        answers = await asyncio.gather(*baskets, *singles)
        assert sum(answer.units for answer in answers if answer.verdict is Verdict.CLAIMED) == 31


async def test_a_repeat_at_another_process_has_the_same_units(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """I5, I8."""
    ledger = Ledger(a=a_shape(5, 5))
    claim = Claim("ann", "r-1", 2, 0b10)
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        await one.load("a")
        first = await one.claim("a", claim)
        repeat = await two.claim("a", claim)
        assert (repeat.verdict, repeat.tranche, repeat.units) == (Verdict.OPEN, first.tranche, first.units)
        assert await two.is_claimed("a", "ann", "r-1")
        one.drop("a", [("ann", "r-1", first.stamp)])
        assert await one.is_claimed("a", "ann", "r-1")
        assert await two.is_claimed("a", "ann", "r-1")
        two.drop("a", [("ann", "r-1", repeat.stamp)])
        assert not await two.is_claimed("a", "ann", "r-1")


async def test_many_activities_share_a_pipeline_and_none_takes_from_another(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    names = [f"a{number}" for number in range(20)]
    ledger = Ledger(**{name: a_shape(number) for number, name in enumerate(names, start=1)})
    async with a_gate(redis_server.url, ledger) as gate:
        await asyncio.gather(*(gate.load(name) for name in names))
        await redis_client.config_resetstat()
        counts = await asyncio.gather(*(claimed(gate, claims(50), name) for name in names))
        assert counts == list(range(1, 21))
        assert await scripts_run(redis_client) <= 120


async def scripts_run(client: RedisClient) -> int:
    stats: dict[str, Any] = await client.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {"calls": 0})["calls"])


async def sell_out(gate: Gate, ledger: Ledger, stock: int) -> None:
    bought = await asyncio.gather(*(buy(gate, ledger, "a", claim) for claim in claims(stock)))
    assert bought == [Verdict.HELD] * stock


async def until_flagged(gate: Gate) -> None:
    """By the refusals that reach the store, as in a sale."""

    async def is_flagged() -> bool:
        await gate.claim("a", Claim("late", "r-1", 1, 0))
        return gate.is_sold_out("a", Claim("later", "r-1", 1, ALL_TRANCHES))

    await eventually(is_flagged)


async def test_a_refusal_under_the_flag_asks_nobody(redis_server: Redis, redis_client: RedisClient) -> None:
    """Failure row 17; SK-7."""
    ledger = Ledger(a=a_shape(30))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        await sell_out(gate, ledger, 30)
        await until_flagged(gate)
        await redis_client.config_resetstat()
        refused = [(await gate.claim("a", claim)).verdict for claim in claims(5000, first=100)]
        assert refused == [Verdict.SOLD_OUT] * 5000
        # Of the heart-beat, and of the filter's wrong yes, once in 75,000.
        assert await scripts_run(redis_client) < 50


async def test_who_has_bought_hears_so_again_under_the_flag_at_every_process(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """I5: the flag refuses for want of units, never whom a unit was given."""
    ledger = Ledger(a=a_shape(30))
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        await one.load("a")
        await sell_out(one, ledger, 30)
        await until_flagged(two)
        answers = await asyncio.gather(*(two.claim("a", claim) for claim in claims(30)))
        assert {answer.verdict for answer in answers} <= {Verdict.OPEN, Verdict.HELD}


async def test_units_that_come_back_are_sold_by_every_process(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure row 17: sell out, cancel 10, buy 10 on every process."""
    ledger = Ledger(a=a_shape(30))
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        await one.load("a")
        await sell_out(one, ledger, 30)
        for gate, first in ((two, 100), (one, 200)):
            await asyncio.gather(until_flagged(one), until_flagged(two))
            ended = [key for key, order in ledger.orders["a"].items() if order.units][:10]
            for key in ended:
                ledger.end("a", key)
            one.drop("a", [(*key, 0) for key in ended])

            async def has_noticed(gate: Gate = gate) -> bool:
                return not gate.is_sold_out("a", Claim("new", "r-1", 1, 0))

            await eventually(has_noticed, seconds=5)
            bought = await asyncio.gather(
                *(buy(gate, ledger, "a", claim) for claim in claims(20, first=first))
            )
            assert bought.count(Verdict.HELD) == 10
            assert ledger.taken("a") == 30


async def test_a_flag_falls_when_a_tranche_is_released(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """SK-1, SK-2 per tranche."""
    ledger = Ledger(a=a_shape(2, Part(3, SystemClock().now() + 2 * SECOND)))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        assert await claimed(gate, claims(10)) == 2
        assert await claimed(gate, [Claim("holder", "r", 1, 0b10)]) == 1
        late = Claim("late", "r-1", 1, 0)

        async def is_flagged() -> bool:
            await gate.claim("a", late)
            return gate.is_sold_out("a", late)

        await eventually(is_flagged)
        assert not gate.is_sold_out("a", Claim("holder too", "r", 1, 0b10))

        async def is_released() -> bool:
            return (await gate.claim("a", late)).verdict is Verdict.CLAIMED

        await eventually(is_released, seconds=5)
        assert await claimed(gate, claims(10, first=50)) == 1


async def test_whoever_wants_more_than_is_left_does_not_flag_what_is_left(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    ledger = Ledger(a=a_shape(3))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        wide = Claim("ann", "r", 5, 0)

        async def is_flagged() -> bool:
            await gate.claim("a", wide)
            return gate.is_sold_out("a", wide)

        await eventually(is_flagged)
        assert await claimed(gate, claims(5)) == 3


async def test_the_window_is_of_the_servers_clock_and_a_test_clocks_offset(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """SK-6; failure row 29."""
    ledger = Ledger(a=a_shape(5))
    early, late = -2 * 3600 * SECOND, 2 * 3600 * SECOND
    for ahead, verdict in ((0, Verdict.CLAIMED), (early, Verdict.NOT_OPEN), (late, Verdict.CLOSED)):
        async with a_gate(redis_server.url, ledger, ahead=ahead) as gate:
            await gate.load("a")
            answer = await gate.claim("a", Claim(f"m{ahead}", "r", 1, 0))
            assert answer.verdict is verdict


async def test_operators_may_raise_and_lower_the_stock_in_the_middle_of_a_sale(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    """Failure row 30."""
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as one, a_gate(redis_server.url, ledger) as two:
        await one.load("a")
        assert await claimed(one, claims(8)) == 8
        ledger.shapes["a"] = a_shape(12, revision=2)
        assert await two.reshape("a")
        assert await claimed(one, claims(8, first=20)) == 4
        ledger.shapes["a"] = a_shape(11, revision=3)
        assert await two.reshape("a")
        two.drop("a", [("member-0", "r-1", 0)])
        assert await claimed(two, claims(8, first=50)) == 0


async def test_a_gate_expires_a_day_after_its_end_and_no_sooner(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    ledger = Ledger(a=a_shape(10))
    async with a_gate(redis_server.url, ledger) as gate:
        await gate.load("a")
        await claimed(gate, claims(3))
        async for key in redis_client.scan_iter():
            assert 24.9 * 3600 < await redis_client.ttl(key) < 25.1 * 3600
