"""Servers of a test's own, on each engine: these tests look at everything that is stored."""

from collections.abc import AsyncIterator

import pytest

from tests.wire.identity.mesh import Mesh, serving


@pytest.fixture
async def mesh(store_url: str) -> AsyncIterator[Mesh]:
    """Without jobs; it takes as many calls at once as a crowd makes."""
    async with serving(store_url, max_calls=5_000) as mesh:
        yield mesh
