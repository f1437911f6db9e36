"""The gate on a cluster of three servers: the keys of an activity lie together, and one server's end is one's."""

import asyncio
from collections.abc import Iterator

import pytest
import redis

from domain.seckill.gate import Claim, Verdict
from servers.seckill.gate.keys import gate_keys
from tests.clusters import RedisCluster
from tests.conftest import started
from tests.contract.conftest import eventually
from tests.gate.ledger import Ledger, a_gate, a_shape, claims, count_of

ACTIVITIES = [f"activity-{number}" for number in range(12)]


@pytest.fixture(params=[True, False], ids=["valkey", "redis"])
def cluster(request: pytest.FixtureRequest) -> Iterator[RedisCluster]:
    """A cluster of the test's own, to lose a server of."""
    yield from started(lambda: RedisCluster(of_wheel=request.param))


def slots_of(cluster: RedisCluster, activity_id: str) -> set[int]:
    with redis.Redis(port=cluster.nodes[0].port) as client:
        return {int(client.execute_command("CLUSTER", "KEYSLOT", key)) for key in gate_keys(activity_id)}


async def test_each_activity_sells_its_stock_in_one_slot_each(cluster: RedisCluster) -> None:
    """Failure row 31."""
    assert all(len(slots_of(cluster, name)) == 1 for name in ACTIVITIES)
    ledger = Ledger(**{name: a_shape(20) for name in ACTIVITIES})
    async with a_gate(cluster.url, ledger) as one, a_gate(cluster.url, ledger) as two:
        assert all(await asyncio.gather(*(one.load(name) for name in ACTIVITIES)))
        for name in ACTIVITIES:
            wanted = [
                gate.claim(name, claim)
                for gate, first in ((one, 0), (two, 100))
                for claim in claims(30, first=first)
            ]
            assert count_of(await asyncio.gather(*wanted), Verdict.CLAIMED) == 20
        assert (await one.compare(ACTIVITIES[0], repair=False)).is_balanced


async def test_the_activities_of_a_lost_server_go_on_without_a_gate_and_the_others_with(
    cluster: RedisCluster,
) -> None:
    """Failure row 28: no activity waits for another's server."""
    ledger = Ledger(**{name: a_shape(20) for name in ACTIVITIES})
    async with a_gate(cluster.url, ledger, slow_seconds=0.25) as gate:
        await asyncio.gather(*(gate.load(name) for name in ACTIVITIES))
        lost = {name for name in ACTIVITIES if next(iter(slots_of(cluster, name))) < 16_384 // 3}
        assert 0 < len(lost) < len(ACTIVITIES)
        cluster.nodes[0].pause()
        number = 0

        async def as_expected() -> bool:
            nonlocal number
            number += 1
            wanted = (gate.claim(name, Claim("ann", f"r{number}", 1, 0)) for name in ACTIVITIES)
            answers = dict(zip(ACTIVITIES, await asyncio.gather(*wanted), strict=True))
            away = {name for name, answer in answers.items() if answer.verdict is Verdict.AWAY}
            return away == lost

        await eventually(as_expected, seconds=1.5)
        cluster.nodes[0].resume()
