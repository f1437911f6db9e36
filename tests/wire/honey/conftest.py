"""One server an engine for all tests of a run; each test has members of its own."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.servers import MariaDB
from tests.wire.exchanges import Exchanges
from tests.wire.honey.mesh import START, Mesh, serving
from tests.wire.honey.story import told

Databases = Callable[[str], str]
"""Makes an empty database with this name; its URL."""


@pytest.fixture(scope="session", params=["sqlite", "mysql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """For all tests of this run, on each engine in turn; they go with their server."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("honey")
        return lambda name: f"sqlite:///{folder}/{name}.db"
    server: MariaDB = request.getfixturevalue("mariadb")
    return server.create_database


@pytest.fixture(scope="session")
async def shared_mesh(databases: Databases) -> AsyncIterator[Mesh]:
    async with serving(databases("shared_honey")) as mesh:
        yield mesh


@pytest.fixture(scope="session")
async def story(databases: Databases) -> AsyncIterator[Exchanges[Mesh]]:
    """One good request to every method, told on a server that has heard nothing else."""
    async with serving(databases("told_honey")) as mesh:
        yield await told(mesh)


@pytest.fixture
async def mesh(shared_mesh: Mesh) -> Mesh:
    """The shared server, whose jobs rest, its clock at START again."""
    await shared_mesh.at(START)
    return shared_mesh
