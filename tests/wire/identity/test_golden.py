"""The shape of every method's request and answer, to the last field."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.servers import MariaDB
from tests.wire.identity.golden import FOLDER, METHODS, Story, told
from tests.wire.identity.mesh import serving


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
async def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Story]:
    """Told once an engine, on a server of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('golden')}/identity.db"
    if request.param == "mysql":
        mariadb: MariaDB = request.getfixturevalue("mariadb")
        url = mariadb.create_database("golden_identity")
    async with serving(url) as mesh:
        yield await told(mesh)


@pytest.mark.parametrize("name", METHODS)
def test_each_method_asks_and_answers_as_its_golden_file_says(story: Story, name: str) -> None:
    path = FOLDER / f"{name}.json"
    if os.environ.get("NECTARY_GOLDEN") == "write":
        path.write_text(story.text(name))
    assert story.text(name) == path.read_text()


def test_every_golden_file_is_of_a_method() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(METHODS)
