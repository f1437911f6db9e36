"""Grounds on each engine, and one zygote for all of them."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground, ground
from tests.faults.process import Nursery, nursery
from tests.faults.sale_ground import SaleGround, sale_ground
from tests.servers import MariaDB, Redis


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Nursery]:
    async with nursery() as young:
        yield young


@pytest.fixture(autouse=True)
def shown_if_the_test_fails(servers: Nursery) -> Iterator[None]:
    """What the servers logged last."""
    yield
    print(servers.log())


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
async def land(
    request: pytest.FixtureRequest, valkey: Redis, servers: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ground]:
    """A database on each engine in turn, with a server; shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("ground")
    url = f"sqlite:///{folder}/nectary.db"
    if request.param == "mysql":
        mariadb = request.getfixturevalue("mariadb")
        assert isinstance(mariadb, MariaDB)
        url = mariadb.create_database(f"faults_{uuid.uuid4().hex}")
    async with ground(url, valkey.url, servers, folder) as made:
        yield made


@pytest.fixture
async def mysql_land(
    mysql_url: str, valkey: Redis, servers: Nursery, tmp_path: Path
) -> AsyncIterator[Ground]:
    """An empty database on the run's MariaDB, and a server on it."""
    async with ground(mysql_url, valkey.url, servers, tmp_path) as made:
        yield made


@pytest.fixture
async def sqlite_land(
    sqlite_url: str, valkey: Redis, servers: Nursery, tmp_path: Path
) -> AsyncIterator[Ground]:
    """An empty file, and a server on it."""
    async with ground(sqlite_url, valkey.url, servers, tmp_path) as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
async def sale_land(
    request: pytest.FixtureRequest, valkey: Redis, servers: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SaleGround]:
    """A database on each engine in turn, with a server; shared by the tests of a module."""
    url = f"sqlite:///{tmp_path_factory.mktemp('sale')}/nectary.db"
    if request.param == "mysql":
        mariadb = request.getfixturevalue("mariadb")
        assert isinstance(mariadb, MariaDB)
        url = mariadb.create_database(f"sales_{uuid.uuid4().hex}")
    async with sale_ground(url, valkey.url, servers) as made:
        yield made
