"""A real server on a free port for each test that asks, with the slice of `echo`."""

from collections.abc import AsyncIterator

import pytest

from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, running


@pytest.fixture
def echo() -> EchoServicer:
    return EchoServicer()


@pytest.fixture
async def embedded(echo: EchoServicer) -> AsyncIterator[Running]:
    """The embedded run: on loopback, trusting local callers, with the test clock."""
    async with running(echo, test_clock=True) as server:
        yield server


@pytest.fixture
async def strict(echo: EchoServicer) -> AsyncIterator[Running]:
    """A server that trusts nobody without proof."""
    async with running(echo, trust_local_caller="off") as server:
        yield server
