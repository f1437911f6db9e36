"""Honey served by one process on a free port, with a test clock and three programmes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration

from clients import Channel, TestClockClient
from nectary.honey.v1 import earning_service_pb2 as earning
from nectary.honey.v1 import (
    earning_service_pb2_grpc,
    liability_service_pb2,
    liability_service_pb2_grpc,
    task_service_pb2,
    task_service_pb2_grpc,
    tier_service_pb2,
    tier_service_pb2_grpc,
    wallet_service_pb2,
    wallet_service_pb2_grpc,
)
from nectary.honey.v1 import honey_pb2 as honey
from servers.mesh.cli.messages import read_honey_rules
from servers.store.config import StoreConfig
from servers.store.store import Store
from tests.wire.exchanges import paths_of
from tests.wire.honey.scenes import a_week, the_scenes, the_tasks, the_tiers
from tests.wire.serving import serving_slices

NOWHERE = "redis://127.0.0.1:1/0"
"""A Redis that no test without jobs ever asks."""
START = datetime(2027, 3, 1, 4, 0, 0, 250_000, tzinfo=UTC)
"""Where the clock stands when a test begins."""
SERVICES = (
    wallet_service_pb2.DESCRIPTOR.services_by_name["WalletService"],
    earning.DESCRIPTOR.services_by_name["EarningService"],
    liability_service_pb2.DESCRIPTOR.services_by_name["LiabilityService"],
    task_service_pb2.DESCRIPTOR.services_by_name["TaskService"],
    tier_service_pb2.DESCRIPTOR.services_by_name["TierService"],
)
PATHS = paths_of(SERVICES)
EXAMPLE = Path(__file__).parents[3] / "examples" / "honey.example.yaml"
HONEY, STRICT, LENIENT = "honey", "strict", "lenient"


@dataclass(frozen=True)
class Mesh:
    """A server that answers, and its database."""

    address: str
    channel: Channel
    """Typed errors, no retries: a test sees every answer."""
    wallets: wallet_service_pb2_grpc.WalletServiceStub
    earning: earning_service_pb2_grpc.EarningServiceStub
    liability: liability_service_pb2_grpc.LiabilityServiceStub
    tasks: task_service_pb2_grpc.TaskServiceStub
    tiers: tier_service_pb2_grpc.TierServiceStub
    clock: TestClockClient
    store: Store

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


def the_rules() -> honey.Rules:
    """One programme with all defaults, one without mercy, and one with much."""
    return honey.Rules(
        programmes=[
            honey.Programme(
                programme_id=HONEY,
                scenes=the_scenes(),
                tasks=the_tasks(),
                tiers=the_tiers(),
                notice=a_week(),
            ),
            honey.Programme(
                programme_id=STRICT,
                held_expiry=honey.HELD_EXPIRY_STRICT,
                shortfall=honey.SHORTFALL_TAKE_OTHER_LOTS,
            ),
            honey.Programme(
                programme_id=LENIENT, zone="UTC", reinstatement_window=Duration(seconds=86_400 * 7)
            ),
        ]
    )


def the_example(programme_id: str) -> honey.Programme:
    """The programme of the example, which has one of everything, under another id."""
    programme = read_honey_rules(EXAMPLE).programmes[0]
    programme.programme_id = programme_id
    return programme


async def applied(mesh: Mesh, *more: honey.Programme) -> None:
    """The rules, with more programmes."""
    rules = the_rules()
    rules.programmes.extend(more)
    request_id = "-".join(["rules", *(one.programme_id for one in more)])
    await mesh.earning.ApplyRules(earning.ApplyRulesRequest(request_id=request_id, rules=rules))


def mesh_of(address: str, channel: Channel, store: Store) -> Mesh:
    return Mesh(
        address=address,
        channel=channel,
        wallets=wallet_service_pb2_grpc.WalletServiceStub(channel),
        earning=earning_service_pb2_grpc.EarningServiceStub(channel),
        liability=liability_service_pb2_grpc.LiabilityServiceStub(channel),
        tasks=task_service_pb2_grpc.TaskServiceStub(channel),
        tiers=tier_service_pb2_grpc.TierServiceStub(channel),
        clock=TestClockClient(channel),
        store=store,
    )


@asynccontextmanager
async def serving(
    store_url: str,
    *,
    redis_url: str = NOWHERE,
    credentials: grpc.ChannelCredentials | None = None,
    **settings: Any,
) -> AsyncIterator[Mesh]:
    """A server on an empty database, its clock frozen at START. Jobs rest unless they are asked for."""
    async with AsyncExitStack() as closing:
        server = await closing.enter_async_context(
            serving_slices(["honey"], store_url, redis_url, **settings)
        )
        store = Store(StoreConfig(store_url))
        closing.push_async_callback(store.close)
        inner = (
            grpc.aio.secure_channel(server.address, credentials)
            if credentials
            else grpc.aio.insecure_channel(server.address)
        )
        channel = await closing.enter_async_context(Channel(inner, ()))
        mesh = mesh_of(server.address, channel, store)
        await mesh.at(START)
        await applied(mesh)
        yield mesh
