"""Servers and stores for every test that wants one. A missing server skips by name, or fails in CI."""

import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Protocol, Self, TypeVar

import pytest
import redis.asyncio

from servers.store.config import StoreConfig
from servers.store.store import Store
from tests.fakes import FakeClock
from tests.servers import MariaDB, Missing, Redis

# Servers are forked from a process that uses gRPC, whose fork handlers then crash the child now and then.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"


class Startable(Protocol):
    """A server, or several that are one."""

    def start(self) -> Self: ...

    def discard(self) -> None: ...


S = TypeVar("S", bound=Startable)


def started(make: Callable[[], S]) -> Iterator[S]:
    """The server, then its end; a skip that names it if it is not installed."""
    try:
        server = make()
    except Missing as missing:
        if os.environ.get("NECTARY_REQUIRE_SERVERS") == "1":
            pytest.fail(f"NECTARY_REQUIRE_SERVERS=1, and {missing}")
        pytest.skip(str(missing))
    try:
        yield server.start()
    finally:
        server.discard()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """The run's MariaDB, shared by tests with a database each. Do not stop it: start your own."""
    yield from started(MariaDB)


@pytest.fixture(scope="session")
def debian_redis() -> Iterator[Redis]:
    yield from started(Redis.installed)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Redis]:
    yield from started(Redis.valkey)


@pytest.fixture
def mysql_url(mariadb: MariaDB) -> Iterator[str]:
    """An empty database on the run's MariaDB."""
    name = f"test_{uuid.uuid4().hex}"
    yield mariadb.create_database(name)
    mariadb.drop_database(name)


@pytest.fixture(params=["ON", "OFF"])
def snapshot_isolation(request: pytest.FixtureRequest, mariadb: MariaDB) -> Iterator[None]:
    """ON, an update of a row that changed since it was read is error 1020; OFF, it goes through.

    It counts for connections that are opened afterwards.
    """
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SET GLOBAL innodb_snapshot_isolation = {request.param}")
        yield
        cursor.execute("SET GLOBAL innodb_snapshot_isolation = ON")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/nectary.db"


@pytest.fixture(params=["sqlite", "mysql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty database, on each engine in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """A store on an empty database, on each engine in turn."""
    store = Store(StoreConfig(store_url))
    yield store
    await store.close()


@pytest.fixture(params=["valkey", "redis"])
def redis_server(request: pytest.FixtureRequest) -> Redis:
    """Each kind of Redis in turn, shared by tests: `redis_client` empties it."""
    server = request.getfixturevalue({"valkey": "valkey", "redis": "debian_redis"}[request.param])
    assert isinstance(server, Redis)
    return server


@pytest.fixture
async def redis_client(redis_server: Redis) -> AsyncIterator["redis.asyncio.Redis"]:
    """A client of an empty Redis, on each kind in turn."""
    client = redis.asyncio.from_url(redis_server.url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
