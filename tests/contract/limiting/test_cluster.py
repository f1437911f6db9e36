"""The limiter on a cluster of three servers: one script for each shard, and refunds where one refuses."""

import asyncio
from collections.abc import Iterator

import pytest

from domain.risk.verbs import Verb
from servers.mesh.limiting.judgement import Source
from servers.mesh.limiting.limiter import WindowLimiter
from tests.clusters import RedisCluster
from tests.conftest import started
from tests.contract.limiting.replicas import a_charge, replica

SHARDS = 8


@pytest.fixture(scope="module", params=[True, False], ids=["valkey", "redis"])
def cluster(request: pytest.FixtureRequest) -> Iterator[RedisCluster]:
    yield from started(lambda: RedisCluster(of_wheel=request.param))


async def used(limiter: WindowLimiter, subject: str, units: int) -> int:
    judgement = await limiter.decide([a_charge(units, subject=subject)], 0, verb=Verb.CHECK)
    return judgement.reckoning.used[0]


async def test_each_subject_gets_exactly_its_limit_wherever_its_windows_are(cluster: RedisCluster) -> None:
    subjects = [f"each {number}" for number in range(24)]
    async with replica(cluster.url, "one", SHARDS) as one, replica(cluster.url, "two", SHARDS) as two:
        calls = [
            each.decide([a_charge(5, subject=subject)], 1)
            for subject in subjects
            for each in (one, two)
            for _ in range(8)
        ]
        judged = await asyncio.gather(*calls)
    assert sum(one.admitted for one in judged) == 5 * len(subjects)
    assert {one.source for one in judged} <= {Source.STORE, Source.CACHE}


async def test_what_other_shards_took_is_given_back_when_one_refuses(cluster: RedisCluster) -> None:
    subjects = [f"back {number}" for number in range(8)]
    narrow = a_charge(1, subject="narrow", rule_id=2)
    async with replica(cluster.url, "one", SHARDS) as limiter:
        # Exact, so that they take it back at any time: others do while their bucket is the newest.
        charges = [*(a_charge(64, subject=subject) for subject in subjects[:6]), narrow]
        assert (await limiter.decide(charges, 1)).admitted
        for _ in range(5):
            refused = await limiter.decide(charges, 1)
            assert not refused.admitted
            assert refused.reckoning.deciding is narrow.limit
        assert [await used(limiter, subject, 64) for subject in subjects[:6]] == [1] * 6


async def test_a_call_over_several_shards_can_be_refunded(cluster: RedisCluster) -> None:
    charges = [a_charge(10, subject=f"refund {number}") for number in range(5)]
    async with replica(cluster.url, "one", SHARDS) as limiter:
        taken = await limiter.decide(charges, 4)
        await limiter.refund(taken, 3)
        assert [await used(limiter, f"refund {number}", 10) for number in range(5)] == [1] * 5
