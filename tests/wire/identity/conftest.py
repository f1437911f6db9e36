"""One Identity server an engine for all tests of a run; each test has members of its own.

A test that changes the catalogue or the weights, or that looks at all members, has a server of its own.
"""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.servers import MariaDB
from tests.wire.identity.golden import Story, told
from tests.wire.identity.mesh import START, Mesh, serving


@pytest.fixture(scope="session", params=["sqlite", "mysql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Databases = Callable[[str], str]
"""Makes an empty database with this name; its URL."""


@pytest.fixture(scope="session")
def databases(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """For all tests of this run, on each engine in turn; they go with their server."""
    if engine == "sqlite":
        folder = tmp_path_factory.mktemp("identity")
        return lambda name: f"sqlite:///{folder}/{name}.db"
    server: MariaDB = request.getfixturevalue("mariadb")
    return server.create_database


@pytest.fixture(scope="session")
async def shared_mesh(databases: Databases) -> AsyncIterator[Mesh]:
    async with serving(databases("shared_identity")) as mesh:
        yield mesh


@pytest.fixture(scope="session")
async def story(databases: Databases) -> AsyncIterator[Story]:
    """One good request to every method, told on a server that has heard nothing else."""
    async with serving(databases("told_identity")) as mesh:
        yield await told(mesh)


@pytest.fixture
async def mesh(shared_mesh: Mesh) -> Mesh:
    """The shared server, its clock at START again."""
    await shared_mesh.at(START)
    return shared_mesh


@pytest.fixture
async def own_mesh(store_url: str) -> AsyncIterator[Mesh]:
    """A server of this test's own, on each engine in turn."""
    async with serving(store_url) as mesh:
        yield mesh
