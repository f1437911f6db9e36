"""Seckill and Identity served by one process on a free port, with a Redis and a test clock."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc

from clients import Channel, TestClockClient
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import catalog_service_pb2_grpc, identity_service_pb2_grpc
from nectary.seckill.v1 import (
    activity_service_pb2,
    activity_service_pb2_grpc,
    seckill_service_pb2,
    seckill_service_pb2_grpc,
)
from servers.store.config import StoreConfig
from servers.store.store import Store
from tests.wire.exchanges import paths_of
from tests.wire.identity.cards import a_catalog
from tests.wire.serving import serving_slices

START = datetime(2027, 3, 1, 4, 0, 0, 250_000, tzinfo=UTC)
"""Where the clock stands when a test begins."""
SERVICES = (
    activity_service_pb2.DESCRIPTOR.services_by_name["ActivityService"],
    seckill_service_pb2.DESCRIPTOR.services_by_name["SeckillService"],
)
PATHS = paths_of(SERVICES)


@dataclass(frozen=True)
class Mesh:
    """A server that answers, and its database."""

    address: str
    channel: Channel
    """Typed errors, no retries: a test sees every answer."""
    seckill: seckill_service_pb2_grpc.SeckillServiceStub
    activities: activity_service_pb2_grpc.ActivityServiceStub
    identity: identity_service_pb2_grpc.IdentityServiceStub
    clock: TestClockClient
    store: Store
    metrics_port: int | None = None

    async def at(self, moment: datetime) -> None:
        """Let the clock stand at a moment; whatever fell due has been done."""
        await self.clock.set(moment, frozen=True)

    async def call(self, path: str, request: Any, **more: Any) -> bytes:
        """The answer as it is on the wire. A method's name is enough."""
        call: Any = self.channel.unary_unary(
            PATHS.get(path, path), request_serializer=type(request).SerializeToString
        )
        answer: bytes = await call(request, **more)
        return answer


def mesh_of(address: str, channel: Channel, store: Store, metrics_port: int | None = None) -> Mesh:
    return Mesh(
        address=address,
        channel=channel,
        seckill=seckill_service_pb2_grpc.SeckillServiceStub(channel),
        activities=activity_service_pb2_grpc.ActivityServiceStub(channel),
        identity=identity_service_pb2_grpc.IdentityServiceStub(channel),
        clock=TestClockClient(channel),
        store=store,
        metrics_port=metrics_port,
    )


@asynccontextmanager
async def serving(
    store_url: str,
    redis_url: str,
    *,
    slices: tuple[str, ...] = ("identity", "seckill"),
    credentials: grpc.ChannelCredentials | None = None,
    **settings: Any,
) -> AsyncIterator[Mesh]:
    """A server on an empty database. Jobs rest unless they are asked for."""
    async with AsyncExitStack() as closing:
        server = await closing.enter_async_context(serving_slices(slices, store_url, redis_url, **settings))
        store = Store(StoreConfig(store_url))
        closing.push_async_callback(store.close)
        channel = Channel(_channel(server.address, credentials), ())
        await closing.enter_async_context(channel)
        yield mesh_of(server.address, channel, store, server.metrics_port)


async def with_cards(mesh: Mesh) -> None:
    """Sets the clock to START, with a catalogue of cards that members can hold."""
    await mesh.at(START.replace(year=2026))
    catalog = catalog_service_pb2_grpc.CatalogServiceStub(mesh.channel)
    await catalog.ApplyCatalog(catalogs.ApplyCatalogRequest(request_id="cards", catalog=a_catalog()))
    await mesh.at(START)


def _channel(address: str, credentials: grpc.ChannelCredentials | None) -> grpc.aio.Channel:
    if credentials is None:
        return grpc.aio.insecure_channel(address)
    return grpc.aio.secure_channel(address, credentials)
