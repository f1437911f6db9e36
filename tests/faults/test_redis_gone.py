"""Redis is a convenience: without it members go on buying, and later nothing is missing."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conftest import started
from tests.faults.ground import Ground, ground
from tests.faults.process import Nursery
from tests.faults.work import assert_heard_once, assert_in_order, at_work, until
from tests.servers import Redis

pytestmark = pytest.mark.timeout(300)
LONG_ENOUGH = 40
"""Answers."""


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """One that a test may kill."""
    yield from started(Redis.valkey)


@pytest.fixture
async def own_land(
    store_url: str, own_redis: Redis, servers: Nursery, tmp_path: Path
) -> AsyncIterator[Ground]:
    async with ground(store_url, own_redis.url, servers, tmp_path) as made:
        yield made


async def test_purchases_go_on_without_redis_and_their_events_follow(
    own_land: Ground, own_redis: Redis
) -> None:
    """What it had is lost with it: what was published before is published again, and has its effect once."""
    await own_land.restart(jobs=True)
    async with at_work(own_land) as crowd:
        await until(lambda: crowd.answered > LONG_ENOUGH)
        await own_land.downstream.consume()
        own_redis.kill()
        before = crowd.answered
        await until(lambda: crowd.answered > before + LONG_ENOUGH)
        assert not crowd.met, "nobody noticed"
        own_redis.start()
        before = crowd.answered
        await until(lambda: crowd.answered > before + LONG_ENOUGH)
    await until(lambda: own_land.unpublished() == 0)
    own_land.server.stop()
    await own_land.downstream.drain()
    assert_in_order(own_land, crowd)
    await assert_heard_once(own_land)
