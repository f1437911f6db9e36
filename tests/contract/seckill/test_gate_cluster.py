"""The gate on a cluster of three servers: all keys of an activity lie together."""

import asyncio
from collections.abc import Iterator
from statistics import median

import pytest
import redis

from domain.seckill.gate import Claim, Verdict
from servers.seckill.gate.keys import gate_keys
from servers.seckill.sale.turn import turn_key
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
        keys = [*gate_keys(activity_id), turn_key(activity_id)]
        return {int(client.execute_command("CLUSTER", "KEYSLOT", key)) for key in keys}


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


async def test_without_one_server_everybody_is_answered_soon_and_with_it_again_all_is_well(
    cluster: RedisCluster,
) -> None:
    """Failure row 28. Which activities lose their gate meanwhile is redis-py's matter: it may be all."""
    ledger = Ledger(**{name: a_shape(1000) for name in ACTIVITIES})
    loop = asyncio.get_running_loop()
    async with a_gate(cluster.url, ledger, slow_seconds=0.25) as gate:
        await asyncio.gather(*(gate.load(name) for name in ACTIVITIES))

        async def verdicts(request_id: str) -> set[Verdict]:
            claims = (gate.claim(name, Claim("ann", request_id, 1, 0)) for name in ACTIVITIES)
            return {answer.verdict for answer in await asyncio.gather(*claims)}

        took = []
        cluster.nodes[0].pause()
        for number in range(30):
            began = loop.time()
            assert await verdicts(f"r{number}") <= {Verdict.CLAIMED, Verdict.AWAY}
            took.append(loop.time() - began)
        cluster.nodes[0].resume()
        # On a busy machine any one may wait for the machine; each waits an end.
        assert median(took) < 1

        async def is_well() -> bool:
            return await verdicts(f"r{loop.time()}") == {Verdict.CLAIMED}

        await eventually(is_well, seconds=30)
