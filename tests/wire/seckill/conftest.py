"""One server an engine for all tests of a run, with a Redis; each test has activities of its own."""

from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio

from tests.servers import MariaDB, Redis
from tests.wire.exchanges import Exchanges
from tests.wire.seckill.mesh import START, Mesh, serving, with_cards
from tests.wire.seckill.story import told

DATABASE = 6
"""Of the run's Valkey, in which nobody else leaves gates behind."""
TOLD_DATABASE = 7
"""Of the story, whose activity has the same name on every engine."""
Databases = Callable[[str], str]
"""Makes an empty database with this name; its URL."""


@pytest.fixture(scope="session", params=["sqlite", "mysql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """For all tests of this run, on each engine in turn; they go with their server."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("seckill")
        return lambda name: f"sqlite:///{folder}/{name}.db"
    server: MariaDB = request.getfixturevalue("mariadb")
    return server.create_database


@pytest.fixture(scope="session")
def redis_url(valkey: Redis) -> str:
    return f"{valkey.url.rpartition('/')[0]}/{DATABASE}"


async def emptied(redis_url: str) -> None:
    client = redis.asyncio.from_url(redis_url)
    await client.flushdb()
    await client.aclose()


@pytest.fixture(scope="session")
async def shared_mesh(databases: Databases, redis_url: str) -> AsyncIterator[Mesh]:
    await emptied(redis_url)
    async with serving(databases("shared_seckill"), redis_url) as mesh:
        await with_cards(mesh)
        yield mesh


@pytest.fixture(scope="session")
async def story(databases: Databases, valkey: Redis) -> AsyncIterator[Exchanges[Mesh]]:
    """One good request to every method, told on a server that has heard nothing else."""
    redis_url = f"{valkey.url.rpartition('/')[0]}/{TOLD_DATABASE}"
    await emptied(redis_url)
    async with serving(databases("told_seckill"), redis_url) as mesh:
        await with_cards(mesh)
        yield await told(mesh)


@pytest.fixture
async def mesh(shared_mesh: Mesh) -> Mesh:
    """The shared server, whose jobs rest, its clock at START again."""
    await shared_mesh.at(START)
    return shared_mesh


@pytest.fixture
async def living_mesh(store_url: str, redis_url: str) -> AsyncIterator[Mesh]:
    """A server of this test's own, whose jobs run."""
    await emptied(redis_url)
    async with serving(store_url, redis_url, jobs=True) as mesh:
        await with_cards(mesh)
        yield mesh
