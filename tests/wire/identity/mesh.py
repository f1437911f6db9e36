"""Identity served on a free port, with the test clock and the catalogue of `cards`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc

from clients import Channel, TestClockClient
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import catalog_service_pb2_grpc, identity_service_pb2_grpc
from servers.mesh.config import load
from servers.mesh.process import assemble
from servers.mesh.server import Server
from servers.mesh.wiring import SLICES
from tests.migrated import have_tables
from tests.wire.identity.cards import a_catalog
from tests.wire.identity.requests import new_id

NOWHERE = "redis://127.0.0.1:1/0"
"""A Redis that no test without jobs ever asks."""
START = datetime(2027, 3, 1, 4, 0, 0, 250_000, tzinfo=UTC)
"""Where the clock stands when a test begins: noon in Shanghai, a quarter of a second past."""
APPLIED = START - timedelta(days=400)
"""When the catalogue came into force."""


@dataclass(frozen=True)
class Mesh:
    """A server that answers, and what its database is called."""

    address: str
    store_url: str
    channel: Channel
    """Typed errors, no retries: a test sees every answer."""
    identity: identity_service_pb2_grpc.IdentityServiceStub
    catalog: catalog_service_pb2_grpc.CatalogServiceStub
    clock: TestClockClient

    async def at(self, moment: datetime) -> None:
        """Let the clock stand at a moment; whatever fell due has been done."""
        await self.clock.set(moment, frozen=True)

    async def call(self, path: str, request: Any) -> bytes:
        """The answer as it is on the wire."""
        call: Any = self.channel.unary_unary(path, request_serializer=type(request).SerializeToString)
        answer: bytes = await call(request)
        return answer


def mesh_of(address: str, store_url: str) -> Mesh:
    """The server at an address. Close its channel afterwards."""
    channel = Channel(grpc.aio.insecure_channel(address), ())
    return Mesh(
        address=address,
        store_url=store_url,
        channel=channel,
        identity=identity_service_pb2_grpc.IdentityServiceStub(channel),
        catalog=catalog_service_pb2_grpc.CatalogServiceStub(channel),
        clock=TestClockClient(channel),
    )


@asynccontextmanager
async def serving(store_url: str, *, redis_url: str = NOWHERE, **settings: Any) -> AsyncIterator[Mesh]:
    """A server on an empty database, its clock frozen at START. Jobs run only if there is a Redis."""
    have_tables(store_url)
    own = {
        "listen_port": 0,
        "drain_grace_seconds": 1,
        "test_clock": True,
        "store_url": store_url,
        "redis_url": redis_url,
        "jobs": redis_url != NOWHERE,
        # Without a store that counts, what costs money would be refused.
        "risk": "off" if redis_url == NOWHERE else "on",
    }
    config = load(None, {}, {**own, **settings})
    async with AsyncExitStack() as closing:
        process = await assemble(config, [SLICES["identity"]], closing)
        server = Server(process)
        await server.start()
        closing.push_async_callback(server.drain)
        mesh = mesh_of(server.address, store_url)
        await closing.enter_async_context(mesh.channel)
        await mesh.at(APPLIED)
        await mesh.catalog.ApplyCatalog(
            catalogs.ApplyCatalogRequest(request_id=new_id(), catalog=a_catalog())
        )
        await mesh.at(START)
        yield mesh
