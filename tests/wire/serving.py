"""Slices served by one process of this test on a free port, with a test clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from servers.mesh.config import load
from servers.mesh.process import assemble
from servers.mesh.server import Server
from servers.mesh.wiring import SLICES
from tests.migrated import have_tables


@asynccontextmanager
async def serving_slices(
    slices: Sequence[str], store_url: str, redis_url: str, **settings: Any
) -> AsyncIterator[Server]:
    """On an empty database. Jobs rest and no call is judged, unless settings say so."""
    have_tables(store_url)
    own = {
        "listen_port": 0,
        "drain_grace_seconds": 1,
        "test_clock": True,
        "store_url": store_url,
        "redis_url": redis_url,
        "jobs": False,
        "risk": "off",
    }
    config = load(None, {}, {**own, **settings})
    async with AsyncExitStack() as closing:
        process = await assemble(config, [SLICES[name] for name in slices], closing)
        server = Server(process)
        await server.start()
        process.announce(server.address)
        closing.push_async_callback(server.drain)
        yield server
