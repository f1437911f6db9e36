"""The database stops, dies with everything else, or can write no more (F-03, F-15, F-18), under load."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2

from clients import Raced, Unavailable
from servers.store.config import sqlite_path
from tests.conftest import started
from tests.faults.ground import Ground, ground
from tests.faults.process import Nursery
from tests.faults.stories import ordered, paying, send
from tests.faults.work import assert_heard_once, assert_in_order, at_work, until
from tests.servers import MariaDB, Redis
from tests.wire.mesh.running import health_stub

RECOVERY_SECONDS = 5
ROUNDS_OF_EVERYTHING = 3

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def own_mariadb() -> Iterator[MariaDB]:
    """A durable one that a test may kill."""
    yield from started(lambda: MariaDB(durable=True))


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    yield from started(Redis.valkey)


@pytest.fixture
async def own_land(
    own_mariadb: MariaDB, own_redis: Redis, servers: Nursery, tmp_path: Path
) -> AsyncIterator[Ground]:
    """On servers that a test may kill."""
    async with ground(own_mariadb.create_database("nectary"), own_redis.url, servers, tmp_path) as made:
        yield made


async def test_a_database_that_restarts_under_load_is_waited_for(
    own_land: Ground, own_mariadb: MariaDB
) -> None:
    """F-15: UNAVAILABLE meanwhile, work again within 5 s, and nothing acknowledged lost."""
    await own_land.restart(jobs=True)
    async with at_work(own_land) as crowd:
        for end in (own_mariadb.stop, own_mariadb.kill):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(end)
            await until(lambda: crowd.met["UNAVAILABLE"] > 0)
            await _until_health_is(own_land, serving=False)
            crowd.met.clear()
            # From this thread: the kernel ties a server's life to the thread that started it.
            own_mariadb.start()
            before, began = crowd.answered, time.monotonic()
            await until(lambda before=before: crowd.answered > before)  # type: ignore[misc]
            assert time.monotonic() - began < RECOVERY_SECONDS
            await _until_health_is(own_land, serving=True)
        own_land.server.kill()
        await crowd.close()
        assert_in_order(own_land, crowd)


async def test_a_machine_that_loses_its_power_loses_nothing_acknowledged(
    own_land: Ground, own_mariadb: MariaDB, own_redis: Redis
) -> None:
    """F-03: the server, MariaDB and Redis, killed at once, again and again."""
    await own_land.restart(jobs=True)
    async with at_work(own_land) as crowd:
        for _ in range(ROUNDS_OF_EVERYTHING):
            await asyncio.sleep(0.4)
            own_land.server.kill()
            own_mariadb.kill()
            own_redis.kill()
            await crowd.close()
            own_mariadb.start()
            own_redis.start()
            own_land.engine.dispose()
            assert_in_order(own_land, crowd)
            own_land.let_leases_run_out()
            await own_land.restart(jobs=True)
            crowd.open(own_land.channel)
        own_land.server.kill()
        await crowd.close()
    await own_land.downstream.drain()
    await assert_heard_once(own_land)


async def test_a_full_disk_acknowledges_nothing_and_is_seen_in_health(sqlite_land: Ground) -> None:
    """F-18, with a limit on the size of the process's files in place of a full disk."""
    land = sqlite_land
    call = paying(await ordered(land.client, land.new_member(), "gold_annual"))
    before = land.image()
    with _disk_full(land):
        with pytest.raises((Unavailable, Raced)):
            await send(land.channel, call)
        await _until_health_is(land, serving=False)
    await _until_health_is(land, serving=True)
    assert land.image() == before
    assert await send(land.channel, call) == await send(land.channel, call)


async def _is_serving(land: Ground) -> bool:
    async with grpc.aio.insecure_channel(land.server.address) as channel:
        answer = await health_stub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@contextmanager
def _disk_full(land: Ground) -> Iterator[None]:
    """Meanwhile the server can lengthen no file, its log included."""
    log = Path(f"{sqlite_path(land.url)}-wal")
    size = log.stat().st_size if log.exists() else 0
    soft, hard = resource.prlimit(land.server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(land.server.pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(land.server.pid, resource.RLIMIT_FSIZE, (soft, hard))


async def _until_health_is(land: Ground, serving: bool) -> None:
    async with asyncio.timeout(20):
        while True:
            if await _is_serving(land) is serving:
                return
            await asyncio.sleep(0.05)
