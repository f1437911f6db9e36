"""The shape of every method's request and answer, to the last field."""

import os

import pytest

from tests.wire.risk.golden import FOLDER, METHODS, Story, told
from tests.wire.risk.mesh import serving


@pytest.fixture
async def story(store_url: str, redis_url: str) -> Story:
    """One good request to every method, told on a server that has heard nothing else."""
    async with serving(store_url, redis_url) as mesh:
        return await told(mesh)


async def test_each_method_asks_and_answers_as_its_golden_file_says(story: Story) -> None:
    if os.environ.get("NECTARY_GOLDEN") == "write":
        for name in METHODS:
            (FOLDER / f"{name}.json").write_text(story.text(name))
    said = {name: story.text(name) for name in METHODS}
    assert said == {name: (FOLDER / f"{name}.json").read_text() for name in METHODS}


def test_every_golden_file_is_of_a_method() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(METHODS)
