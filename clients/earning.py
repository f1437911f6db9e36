"""By which rules points are earned and kept, and what earns some: `nectary.honey.v1.EarningService`."""

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

    async def record_event(
        self, programme_id: str, member_id: str, event: pb.EarningEvent, *, request_id: str | None = None
    ) -> pb.RecordEventResponse:
        """Posts what the rules give for it, once for each `event_id`. Raises InvalidRequest, NotFound."""
        request = pb.RecordEventRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            event=event,
        )
        return await self._stub.RecordEvent(request)

    async def evaluate_event(
        self, programme_id: str, member_id: str, event: pb.EarningEvent
    ) -> pb.EvaluateEventResponse:
        """What `record_event` would post now, and what each rule says. Raises the same."""
        request = pb.EvaluateEventRequest(programme_id=programme_id, member_id=member_id, event=event)
        return await self._stub.EvaluateEvent(request)
