"""Grounds on each engine, and one zygote for all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground, ground
from tests.faults.process import Nursery, nursery
from tests.servers import Redis


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Nursery]:
    async with nursery() as young:
        yield young


@pytest.fixture
async def land(store_url: str, valkey: Redis, servers: Nursery, tmp_path: Path) -> AsyncIterator[Ground]:
    """An empty database on each engine in turn, and a server on it."""
    async with ground(store_url, valkey.url, servers, tmp_path) as made:
        yield made
