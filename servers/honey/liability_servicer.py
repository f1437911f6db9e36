"""`nectary.honey.v1.LiabilityService`: what a programme owes its members."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from domain.honey.liability import Liability, months_from
from domain.shared.instants import Instant
from nectary.honey.v1 import liability_service_pb2 as pb
from nectary.honey.v1 import liability_service_pb2_grpc as rpc
from servers.honey.sql.liability import liabilities
from servers.honey.sql.rules import RulesMemory, SqlProgrammes
from servers.mesh.clock import Clock
from servers.mesh.timestamps import timestamp_of
from servers.store.store import Store

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

MONTHS = 12


class LiabilityServicer(rpc.LiabilityServiceServicer):
    """What a programme owes."""

    def __init__(self, store: Store, memory: RulesMemory, clock: Clock) -> None:
        self._store = store
        self._memory = memory
        self._clock = clock

    async def GetLiability(
        self, request: pb.GetLiabilityRequest, context: "Context"
    ) -> pb.GetLiabilityResponse:
        now = self._clock.now()
        found = await self._store.read(self._found, request.programme_id, request.months or MONTHS, now)
        return pb.GetLiabilityResponse(at_time=timestamp_of(now), liabilities=[_wire(each) for each in found])

    def _found(self, connection: Connection, programme_id: str, count: int, now: Instant) -> list[Liability]:
        programme = SqlProgrammes(connection, self._memory).get(programme_id)
        return liabilities(connection, programme_id, months_from(now, programme.zone, count), now)


def _wire(own: Liability) -> pb.Liability:
    return pb.Liability(
        funding_merchant_id=own.funding,
        active_points=own.active,
        pending_points=own.pending,
        held_points=own.held,
        debt_points=own.owed,
        earned_points=own.earned,
        expired_points=own.expired,
        reversed_points=own.reversed,
        used_points=own.used,
        waived_points=own.waived,
        breakage_ppm=own.breakage_ppm,
        expiring=[pb.ExpiringPoints(month=month, points=points) for month, points in own.expiring.items()],
        later_points=own.later,
        never_points=own.never,
    )
