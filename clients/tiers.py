"""Tiers of members: `nectary.honey.v1.TierService`."""

from datetime import datetime

from nectary.honey.v1 import tier_service_pb2 as pb
from nectary.honey.v1 import tier_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel
from .times import timestamp_of


class TierClient(Client):
    """Arguments are those of the contract."""

    SERVICE = pb.DESCRIPTOR.services_by_name["TierService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.TierServiceStub(channel)

    async def get_tier(
        self, programme_id: str, member_id: str, *, as_of: datetime | None = None
    ) -> pb.TierStatus:
        """The tier of a member at a moment, now if absent. Raises NotFound, Refused (NO_TIERS)."""
        request = pb.GetTierRequest(programme_id=programme_id, member_id=member_id, as_of=timestamp_of(as_of))
        return (await self._stub.GetTier(request)).tier

    async def preview_tier(self, programme_id: str, member_id: str, points: int) -> pb.PreviewTierResponse:
        """The tier as it is, and as it would be with so many points more. Raises the same."""
        request = pb.PreviewTierRequest(programme_id=programme_id, member_id=member_id, points=points)
        return await self._stub.PreviewTier(request)
