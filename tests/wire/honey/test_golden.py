"""The shape of every method's request and answer, to the last field."""

import os
from pathlib import Path

import pytest

from tests.wire.exchanges import Exchanges
from tests.wire.honey.mesh import PATHS, Mesh

FOLDER = Path(__file__).parent / "golden"
METHODS = sorted(PATHS)


@pytest.mark.parametrize("name", METHODS)
def test_each_method_asks_and_answers_as_its_golden_file_says(story: Exchanges[Mesh], name: str) -> None:
    path = FOLDER / f"{name}.json"
    if os.environ.get("NECTARY_GOLDEN") == "write":
        path.write_text(story.text(name))
    assert story.text(name) == path.read_text()


def test_every_golden_file_is_of_a_method() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(METHODS)
