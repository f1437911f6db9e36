"""What a programme owes its members: `nectary.honey.v1.LiabilityService`."""

from nectary.honey.v1 import liability_service_pb2 as pb
from nectary.honey.v1 import liability_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel


class LiabilityClient(Client):
    """Arguments are those of the contract."""

    SERVICE = pb.DESCRIPTOR.services_by_name["LiabilityService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.LiabilityServiceStub(channel)

    async def get_liability(self, programme_id: str, *, months: int = 0) -> pb.GetLiabilityResponse:
        """All points of a programme, by who pays for them. Raises NotFound (PROGRAMME_NOT_FOUND)."""
        return await self._stub.GetLiability(pb.GetLiabilityRequest(programme_id=programme_id, months=months))
