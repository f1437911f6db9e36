"""`nectary.honey.v1.TierService`: which tiers members have, and what the next ones take."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from domain.honey.commands.watch import climb_of
from domain.honey.ladders import Climb
from domain.honey.refusals import no_tiers
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from nectary.honey.v1 import tier_service_pb2 as pb
from nectary.honey.v1 import tier_service_pb2_grpc as rpc
from servers.honey.reads import past
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.unit import Unit
from servers.honey.wire.tiers import tier
from servers.mesh.clock import Clock
from servers.store.store import Store

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class TierServicer(rpc.TierServiceServicer):
    """Tiers of members."""

    def __init__(self, store: Store, memory: RulesMemory, clock: Clock) -> None:
        self._store = store
        self._memory = memory
        self._clock = clock

    async def GetTier(self, request: pb.GetTierRequest, context: "Context") -> pb.GetTierResponse:
        now = self._clock.now()
        at = past(request, "as_of", now)
        climb = await self._store.read(self._climb, request.programme_id, request.member_id)
        return pb.GetTierResponse(tier=tier(climb.status(climb.now(now) if at is None else at)))

    async def PreviewTier(self, request: pb.PreviewTierRequest, context: "Context") -> pb.PreviewTierResponse:
        climb = await self._store.read(self._climb, request.programme_id, request.member_id)
        now = climb.now(self._clock.now())
        would_be = climb.previewed(request.points, now)
        return pb.PreviewTierResponse(tier=tier(climb.status(now)), would_be=tier(would_be))

    def _climb(self, connection: Connection, programme_id: str, member_id: str) -> Climb:
        ports = Unit(connection, self._memory).ports
        climb = climb_of(ports, wallet_id_of(programme_id, Owner(MEMBER, member_id)))
        if climb is None:
            raise no_tiers(programme_id)
        return climb
