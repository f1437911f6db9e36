"""By which rules points are earned and kept: `nectary.honey.v1.EarningService`."""

from nectary.honey.v1 import earning_service_pb2 as pb
from nectary.honey.v1 import earning_service_pb2_grpc as rpc
from nectary.honey.v1 import honey_pb2 as honey

from .base import Client
from .channel import Channel
from .request_ids import new_request_id


class EarningClient(Client):
    """Arguments are those of the contract; a request id is made where none is given."""

    SERVICE = pb.DESCRIPTOR.services_by_name["EarningService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.EarningServiceStub(channel)

    async def apply_rules(
        self,
        rules: honey.Rules,
        *,
        validate_only: bool = False,
        expected_revision: int = 0,
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.ApplyRulesResponse:
        """Replaces all rules, or with `validate_only` plans it. Raises InvalidRequest, Raced."""
        request = pb.ApplyRulesRequest(
            request_id=request_id or new_request_id(),
            rules=rules,
            validate_only=validate_only,
            expected_revision=expected_revision,
            reason=reason,
        )
        return await self._stub.ApplyRules(request)

    async def get_rules(self, *, revision: int = 0) -> pb.GetRulesResponse:
        """The rules of a revision, or with 0 those in force."""
        return await self._stub.GetRules(pb.GetRulesRequest(revision=revision))
