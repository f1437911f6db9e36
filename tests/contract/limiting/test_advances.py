"""Hot keys on every kind of server: taken in advance, given out unasked, and never over the limit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
import redis.asyncio
from redis.asyncio import Redis as RedisClient

from domain.risk.advances import HOT_A_SECOND, PART
from domain.risk.verbs import Verb
from servers.mesh.limiting.judgement import Charge, Source
from servers.mesh.limiting.keys import Keys
from servers.mesh.limiting.limiter import WindowLimiter
from servers.mesh.limiting.shard import Shard
from tests.conftest import started
from tests.contract.conftest import eventually
from tests.contract.limiting.replicas import SECRET, a_charge, eventually_alone, replica
from tests.servers import Redis

UNITS = 2_000
HOT = a_charge(UNITS, window_ms=3_600_000, subject="/method")


@pytest.fixture(params=[Redis.valkey, Redis.installed], ids=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """A server of the test's own, to be ended."""
    yield from started(request.param)


@asynccontextmanager
async def hot_replica(url: str, name: str = "one") -> AsyncIterator[WindowLimiter]:
    """A limiter with an advance on HOT, which is asked about, as far as it knows, all the time."""
    async with replica(url, name) as limiter:
        [shard] = limiter.shards
        _, window = Keys(SECRET).window(HOT.limit.rule_id, HOT.limit.subject, HOT.subject)
        heating = asyncio.create_task(heat(shard, window))
        try:

            async def lent() -> bool:
                return (await limiter.decide([HOT], 1)).source is Source.ADVANCE

            await eventually(lent, seconds=10)
            yield limiter
        finally:
            heating.cancel()
            with suppress(asyncio.CancelledError):
                await heating


async def heat(shard: Shard, window: bytes) -> None:
    while True:
        shard.count([window] * (HOT_A_SECOND + 1))
        await asyncio.sleep(0.1)


async def admitted(limiter: WindowLimiter, charges: list[Charge], calls: int) -> int:
    judged = await asyncio.gather(*(limiter.decide(charges, 1) for _ in range(calls)))
    return sum(one.admitted for one in judged)


async def used(limiter: WindowLimiter) -> int:
    return (await limiter.decide([HOT], 0, verb=Verb.CHECK)).reckoning.used[0]


async def test_replicas_with_advances_admit_the_limit_and_no_more(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with hot_replica(redis_server.url, "one") as one, hot_replica(redis_server.url, "two") as two:
        before = await used(one)
        asked = await asyncio.gather(*(admitted(each, [HOT], 100) for each in (one, two) for _ in range(25)))
        given = [limiter.advances[0].given_units for limiter in (one, two)]
        left_over = sum(limiter.advances[0].taken_units for limiter in (one, two)) - sum(given)
        assert min(given) > 0
        # In two buckets, if one ends meanwhile.
        assert left_over <= 2 * UNITS / PART
        assert await used(one) == UNITS
        assert UNITS - before <= sum(asked) + left_over
        assert sum(asked) <= UNITS


async def test_a_call_that_another_limit_refuses_leaves_the_advance_as_it_was(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    narrow = a_charge(1, rule_id=2)
    async with hot_replica(redis_server.url) as limiter:
        assert await admitted(limiter, [HOT, narrow], 1) == 1
        [advances] = limiter.advances
        given = advances.given_units
        refused = await limiter.decide([HOT, narrow], 1)
        assert [limit.rule_id for limit in refused.reckoning.limits] == [narrow.limit.rule_id]
        assert advances.given_units == given


async def test_what_only_looks_or_drains_is_asked_about(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with hot_replica(redis_server.url) as limiter:
        for verb, cost in ((Verb.DECIDE, 0), (Verb.CHECK, 1), (Verb.DRAIN, 1), (Verb.SPEND, 1)):
            assert (await limiter.decide([HOT], cost, verb=verb)).source is Source.STORE


async def test_a_unit_from_an_advance_can_be_given_back(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with hot_replica(redis_server.url) as limiter:
        judgement = await limiter.decide([HOT], 1)
        assert judgement.source is Source.ADVANCE
        before = await used(limiter)
        await limiter.refund(judgement, 1)
        assert await used(limiter) == before - 1


async def test_a_changed_limit_begins_without_an_advance(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with hot_replica(redis_server.url) as limiter:
        before = await used(limiter)
        changed = a_charge(before, window_ms=3_600_000, subject=HOT.subject)
        refused = await limiter.decide([changed], 1)
        assert (refused.admitted, refused.source) == (False, Source.STORE)


async def test_without_the_store_nothing_is_given_in_advance_and_all_of_it_counts(server: Redis) -> None:
    async with hot_replica(server.url) as limiter:
        before = await used(limiter)
        server.kill()
        await eventually_alone(limiter)
        judgement = await limiter.decide([HOT], 1)
        assert judgement.source is Source.LOCAL
        assert judgement.reckoning.used[0] >= before


async def test_after_a_flush_the_store_is_told_of_the_whole_advance(server: Redis) -> None:
    async with hot_replica(server.url) as limiter:
        before = await used(limiter)
        async with redis.asyncio.from_url(server.url) as client:
            await client.flushall()

        async def told() -> bool:
            return limiter.shards[0].can_decide and await used(limiter) >= before

        await eventually(told, seconds=10)
