"""A Risk server a test, on each engine in turn, with a Redis database of its own."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from tests.servers import Redis
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import Mesh, serving

DATABASE = 5
"""In which nobody else leaves rules or lists behind."""


@pytest.fixture
async def redis_url(valkey: Redis) -> str:
    """An empty database."""
    url = f"{valkey.url.rpartition('/')[0]}/{DATABASE}"
    client = redis.asyncio.from_url(url)
    await client.flushdb()
    await client.aclose()
    return url


@pytest.fixture
async def mesh(store_url: str, redis_url: str) -> AsyncIterator[Mesh]:
    """A server whose jobs rest, with the first revision of rules."""
    async with serving(store_url, redis_url) as mesh:
        await mesh.applied(r.rules(r.a_limit()))
        yield mesh


@pytest.fixture
async def living_mesh(store_url: str, redis_url: str) -> AsyncIterator[Mesh]:
    """A server whose jobs run: what it decides is recorded, what is applied is published."""
    async with serving(store_url, redis_url, jobs=True) as mesh:
        yield mesh
