"""One Identity server an engine for all tests of a run; each test has members of its own.

A test that changes the catalogue or the weights, or that looks at all members, has a server of its own.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers import MariaDB
from tests.wire.identity.mesh import START, Mesh, serving


@pytest.fixture(scope="session", params=["sqlite", "mysql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database for all tests of this run, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('identity')}/identity.db"
        return
    server = request.getfixturevalue("mariadb")
    assert isinstance(server, MariaDB)
    yield server.create_database("shared_identity")
    server.drop_database("shared_identity")


@pytest.fixture(scope="session")
async def shared_mesh(shared_url: str) -> AsyncIterator[Mesh]:
    async with serving(shared_url) as mesh:
        yield mesh


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
