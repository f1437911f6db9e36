"""One server for all tests of the command line that need one; each takes members of its own."""

import uuid
from collections.abc import Iterator

import pytest

from tests.scenario.cli.running import CATALOG, Nectary, serving


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nectary]:
    """A running server, its clock standing at the start of 2027, with the example catalogue."""
    with serving(tmp_path_factory.mktemp("mesh") / "data") as command:
        assert command("clock", "set", "2027-01-01T10:00", "--frozen").status == 0
        assert command("catalog", "apply", str(CATALOG)).status == 0
        yield command


@pytest.fixture
def member() -> str:
    return f"m-{uuid.uuid4().hex[:12]}"
