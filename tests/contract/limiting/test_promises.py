"""What the limiter promises while its store is healthy, on every kind of server."""

import asyncio
from collections.abc import Callable

import pytest
import structlog
from redis.asyncio import Redis as RedisClient

from domain.risk.limit import Limit
from domain.risk.stamps import NEVER
from domain.risk.verbs import Verb
from servers.mesh.limiting.judgement import Charge, Source
from servers.mesh.limiting.keys import epoch_key, home_key, replicas_key
from servers.mesh.limiting.limiter import WindowLimiter
from tests.contract.conftest import eventually
from tests.contract.limiting.replicas import a_charge, eventually_together, replica
from tests.servers import Redis


async def admitted(limiter: WindowLimiter, charges: list[Charge], calls: int, cost: int = 1) -> int:
    judged = await asyncio.gather(*(limiter.decide(charges, cost) for _ in range(calls)))
    return sum(one.admitted for one in judged)


@pytest.mark.parametrize("units", [3, 64, 65, 200])
async def test_a_crowd_at_two_replicas_gets_exactly_the_limit(
    redis_server: Redis, redis_client: RedisClient, units: int
) -> None:
    charges = [a_charge(units)]
    async with replica(redis_server.url, "one") as one, replica(redis_server.url, "two") as two:
        both = await asyncio.gather(admitted(one, charges, 150), admitted(two, charges, 150))
    assert sum(both) == units


async def test_a_refused_call_takes_nothing_from_any_limit(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    wide, narrow = a_charge(100, rule_id=1), a_charge(1, rule_id=2)
    async with replica(redis_server.url) as limiter:
        assert await admitted(limiter, [wide, narrow], 5) == 1
        left = (await limiter.decide([wide], 0)).reckoning
    assert left.remaining == 99


async def test_a_refusal_names_the_limit_with_the_longest_wait_and_its_version(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    short = Charge(Limit(1, "member", 1, 1_000, version=7), "ann")
    long = Charge(Limit(2, "member", 1, 60_000, version=7), "ann")
    async with replica(redis_server.url) as limiter:
        await limiter.decide([short, long], 1)
        refused = (await limiter.decide([short, long], 1)).reckoning
    assert refused.deciding is long.limit
    assert 59_000 < refused.retry_after_ms <= 60_000
    assert list(refused.used) == [1, 1]


async def test_a_call_that_comes_back_when_it_was_told_is_admitted(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(2, window_ms=300)]
    async with replica(redis_server.url) as limiter:
        assert await admitted(limiter, charges, 3) == 2
        refused = await limiter.decide(charges, 2)
        await asyncio.sleep(refused.reckoning.retry_after_ms / 1000 + 0.002)
        assert (await limiter.decide(charges, 2)).admitted


async def test_what_is_known_to_be_refused_is_refused_without_asking(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(1)]
    async with replica(redis_server.url) as limiter:
        await admitted(limiter, charges, 2)
        again = await limiter.decide(charges, 1)
        assert (again.admitted, again.source) == (False, Source.CACHE)
        other = await limiter.decide([a_charge(1, subject="bob")], 1)
        assert (other.admitted, other.source) == (True, Source.STORE)


async def test_attempts_are_counted_also_when_the_store_was_not_asked(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(1)]
    async with replica(redis_server.url) as limiter:
        await limiter.decide(charges, 1)
        await admitted(limiter, charges, 9)
        await asyncio.sleep(0.3)
        refused = await limiter.decide(charges, 1, verb=Verb.DRAIN)
    assert refused.attempts == 10


async def test_more_than_the_limit_has_is_refused_for_ever(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with replica(redis_server.url) as limiter:
        refused = await limiter.decide([a_charge(3)], 4)
    assert refused.reckoning.retry_after_ms == NEVER


async def test_a_refund_makes_room_at_once_and_only_for_what_was_taken(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(3)]
    async with replica(redis_server.url) as limiter:
        taken = await limiter.decide(charges, 3)
        assert not (await limiter.decide(charges, 1)).admitted
        await limiter.refund(taken, 2)
        assert await admitted(limiter, charges, 5) == 2
        with pytest.raises(ValueError, match="no more can be given back"):
            await limiter.refund(taken, 2)


async def test_what_is_spent_in_any_case_counts_beyond_the_limit(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(3)]
    async with replica(redis_server.url) as limiter:
        await limiter.decide(charges, 5, verb=Verb.SPEND)
        assert list((await limiter.decide(charges, 0, verb=Verb.CHECK)).reckoning.used) == [5]


async def test_a_drained_limit_has_nothing_left(redis_server: Redis, redis_client: RedisClient) -> None:
    charges = [a_charge(3)]
    async with replica(redis_server.url) as limiter:
        await limiter.decide(charges, 2)
        assert not (await limiter.decide(charges, 2, verb=Verb.DRAIN)).admitted
        assert not (await limiter.decide(charges, 1)).admitted


async def test_a_reset_forgets_what_was_used(redis_server: Redis, redis_client: RedisClient) -> None:
    charges = [a_charge(3)]
    async with replica(redis_server.url) as limiter:
        assert await admitted(limiter, charges, 5) == 3
        await limiter.reset(charges)
        assert await admitted(limiter, charges, 5) == 3


async def test_a_changed_limit_keeps_what_was_counted(redis_server: Redis, redis_client: RedisClient) -> None:
    async with replica(redis_server.url) as limiter:
        assert await admitted(limiter, [a_charge(10)], 20) == 10
        assert await admitted(limiter, [a_charge(100)], 200) == 90
        assert await admitted(limiter, [a_charge(10)], 20) == 0


@pytest.mark.parametrize("broken", [b"x", b"\x01" * 13, b"\x09" * 40, b"\x02" + b"\0" * 30])
async def test_f11_a_window_that_cannot_be_read_counts_as_full_heals_and_is_told_of(
    redis_server: Redis, redis_client: RedisClient, broken: bytes
) -> None:
    charges = [a_charge(2, window_ms=400)]
    async with replica(redis_server.url) as limiter:
        await limiter.decide(charges, 1)
        [name] = [key async for key in redis_client.scan_iter("rl:{0}:1:*")]
        await redis_client.set(name, broken)
        with structlog.testing.capture_logs() as told:
            refused = await limiter.decide(charges, 1)
        assert not refused.admitted
        assert [one["event"] for one in told] == ["limiter_window_damaged"]
        await asyncio.sleep(0.41)
        assert (await limiter.decide(charges, 1)).admitted


async def test_f11_a_window_of_another_type_counts_as_full(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(2)]
    async with replica(redis_server.url) as limiter:
        await limiter.decide(charges, 1)
        [name] = [key async for key in redis_client.scan_iter("rl:{0}:1:*")]
        await redis_client.delete(name)
        await redis_client.lpush(name, "a list")
        assert not (await limiter.decide(charges, 1)).admitted


@pytest.mark.parametrize("key", [epoch_key, replicas_key, home_key])
async def test_f11_what_the_replicas_keep_for_themselves_heals_whoever_wrote_there(
    redis_server: Redis, redis_client: RedisClient, key: Callable[[int], bytes]
) -> None:
    async with replica(redis_server.url) as limiter:
        assert await admitted(limiter, [a_charge(3)], 2) == 2
        for write in (redis_client.lpush, redis_client.append):
            await redis_client.delete(key(0))
            await write(key(0), "rubbish")
            await asyncio.sleep(0.25)
            await eventually_together(limiter)
        judged = [await limiter.decide([a_charge(3)], 1) for _ in range(5)]
    assert sum(one.admitted for one in judged) <= 1
    assert judged[0].source is Source.STORE


async def test_windows_end_by_themselves_and_no_name_tells_whom_they_are_about(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with replica(redis_server.url) as limiter:
        await limiter.decide([a_charge(3, subject="ann"), a_charge(100, subject="ann", rule_id=2)], 1)
    names = [name async for name in redis_client.scan_iter("rl:{0}:[12]:*")]
    lives = sorted([await redis_client.pttl(name) for name in names])
    assert not any(b"ann" in name for name in names)
    assert 58_000 < lives[0] <= 60_000 < lives[1] <= 61_000


async def test_a_cancelled_caller_disturbs_nobody_elses_answer(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with replica(redis_server.url) as limiter:
        calls = [
            asyncio.create_task(limiter.decide([a_charge(1000, subject=f"m{n}", rule_id=n)], n % 7 + 1))
            for n in range(1, 1000)
        ]
        for turn in range(3):
            await asyncio.sleep(0)
            for call in calls[turn::4]:
                call.cancel()
        for number, answer in enumerate(await asyncio.gather(*calls, return_exceptions=True), start=1):
            if not isinstance(answer, BaseException):
                assert answer.reckoning.limits[0].rule_id == number
                assert answer.reckoning.cost == number % 7 + 1
        assert (await limiter.decide([a_charge(1000, subject="last")], 1)).reckoning.used == [0]


async def test_the_epoch_outlives_the_replicas(redis_server: Redis, redis_client: RedisClient) -> None:
    async with replica(redis_server.url):
        first = await redis_client.get(epoch_key(0))
    async with replica(redis_server.url, "two"):
        assert await redis_client.get(epoch_key(0)) == first


async def test_several_known_refusals_tell_the_longest_wait(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    short, long = a_charge(1, window_ms=5_000, rule_id=1), a_charge(1, window_ms=60_000, rule_id=2)
    async with replica(redis_server.url) as limiter:
        await admitted(limiter, [short, long], 2)
        again = await limiter.decide([short, long], 1)
    assert again.source is Source.CACHE
    assert again.reckoning.deciding is long.limit
    assert 55_000 < again.reckoning.retry_after_ms <= 60_000


async def test_a_refusal_on_its_way_during_a_refund_is_not_remembered(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(3)]
    async with replica(redis_server.url) as limiter:
        taken = await limiter.decide(charges, 3)
        refused, _ = await asyncio.gather(limiter.decide(charges, 1), limiter.refund(taken, 3))
        assert not refused.admitted
        assert await admitted(limiter, charges, 5) == 3


async def test_room_made_on_another_replica_is_soon_heard_of(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    charges = [a_charge(3)]
    async with replica(redis_server.url, "one") as one, replica(redis_server.url, "two") as two:
        taken = await one.decide(charges, 3)
        assert await admitted(two, charges, 2) == 0
        await one.refund(taken, 2)

        async def heard() -> bool:
            return (await two.decide(charges, 1)).admitted

        await eventually(heard, seconds=2)
