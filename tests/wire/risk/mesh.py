"""Risk served on a free port, with a Redis and a test clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import grpc

from clients import Channel, TestClockClient
from nectary.risk.v1 import risk_pb2
from nectary.risk.v1 import risk_service_pb2 as pb
from nectary.risk.v1 import risk_service_pb2_grpc as rpc
from servers.mesh.config import load
from servers.mesh.process import assemble
from servers.mesh.server import Server
from servers.mesh.wiring import SLICES
from servers.store.config import StoreConfig
from servers.store.store import Store
from tests.migrated import have_tables
from tests.wire.risk.requests import new_id

START = datetime(2027, 3, 1, 4, tzinfo=UTC)
"""Where the clock stands when a test begins."""
PUBLISHED_SECONDS = 10
"""Until what was applied is in force: one second, and more on a busy machine."""
SERVICE = pb.DESCRIPTOR.services_by_name["RiskService"]
T = TypeVar("T")


@dataclass(frozen=True)
class Mesh:
    """A server that answers, and its database."""

    channel: Channel
    """Typed errors, no retries: a test sees every answer."""
    risk: rpc.RiskServiceStub
    clock: TestClockClient
    store: Store

    async def at(self, moment: datetime) -> None:
        """Let the clock stand at a moment."""
        await self.clock.set(moment, frozen=True)

    async def call(self, path: str, request: Any) -> bytes:
        """The answer as it is on the wire."""
        call: Any = self.channel.unary_unary(path, request_serializer=type(request).SerializeToString)
        answer: bytes = await call(request)
        return answer

    async def ask(self, name: str, request: Any) -> bytes:
        """As `call`, of a method of Risk."""
        return await self.call(f"/{SERVICE.full_name}/{name}", request)

    async def applied(self, rules: risk_pb2.RuleSet, **more: Any) -> pb.ApplyRulesResponse:
        """Apply rules that a plan has confirmed."""
        plan = await self.risk.ApplyRules(
            pb.ApplyRulesRequest(request_id=new_id(), rule_set=rules, validate_only=True)
        )
        request = pb.ApplyRulesRequest(request_id=new_id(), rule_set=rules, plan_etag=plan.etag, **more)
        return await self.risk.ApplyRules(request)

    async def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """Look into the database."""
        return await self.store.read(work, *arguments)


@asynccontextmanager
async def serving(store_url: str, redis_url: str, **settings: Any) -> AsyncIterator[Mesh]:
    """A server on an empty database, its clock frozen at START."""
    have_tables(store_url)
    own = {
        "listen_port": 0,
        "drain_grace_seconds": 1,
        "test_clock": True,
        "store_url": store_url,
        "redis_url": redis_url,
        "jobs": False,
    }
    config = load(None, {}, {**own, **settings})
    async with AsyncExitStack() as closing:
        process = await assemble(config, [SLICES["risk"]], closing)
        server = Server(process)
        await server.start()
        closing.push_async_callback(server.drain)
        store = Store(StoreConfig(store_url))
        closing.push_async_callback(store.close)
        channel = Channel(grpc.aio.insecure_channel(server.address), ())
        await closing.enter_async_context(channel)
        mesh = Mesh(channel, rpc.RiskServiceStub(channel), TestClockClient(channel), store)
        await mesh.at(START)
        yield mesh
