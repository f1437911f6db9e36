"""What is sold in flash sales: `nectary.seckill.v1.ActivityService`."""

from collections.abc import AsyncIterator, Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from nectary.seckill.v1 import activity_service_pb2 as pb
from nectary.seckill.v1 import activity_service_pb2_grpc as rpc
from nectary.seckill.v1 import seckill_pb2 as seckill

from .base import Client
from .channel import Channel
from .request_ids import new_request_id


class ActivityClient(Client):
    """For operators. A request id is made where none is given."""

    SERVICE = pb.DESCRIPTOR.services_by_name["ActivityService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.ActivityServiceStub(channel)

    async def create_activity(
        self, activity_id: str, settings: seckill.ActivitySettings, *, request_id: str | None = None
    ) -> seckill.Activity:
        """Makes a draft. Raises InvalidRequest, Refused (ACTIVITY_EXISTS)."""
        request = pb.CreateActivityRequest(
            request_id=request_id or new_request_id(), activity_id=activity_id, settings=settings
        )
        return (await self._stub.CreateActivity(request)).activity

    async def update_activity(
        self,
        activity_id: str,
        settings: seckill.ActivitySettings,
        names: Sequence[str],
        *,
        expected_revision: int = 0,
        request_id: str | None = None,
    ) -> seckill.Activity:
        """Changes the settings named. Raises Refused (STOCK_BELOW_TAKEN …), Raced (STALE_VERSION)."""
        request = pb.UpdateActivityRequest(
            request_id=request_id or new_request_id(),
            activity_id=activity_id,
            expected_revision=expected_revision,
            settings=settings,
            update_mask=FieldMask(paths=names),
        )
        return (await self._stub.UpdateActivity(request)).activity

    async def publish_activity(
        self, activity_id: str, *, expected_revision: int = 0, request_id: str | None = None
    ) -> seckill.Activity:
        """Lets a draft sell within its window. Raises Refused (ACTIVITY_STATE_WRONG)."""
        request = pb.PublishActivityRequest(
            request_id=request_id or new_request_id(),
            activity_id=activity_id,
            expected_revision=expected_revision,
        )
        return (await self._stub.PublishActivity(request)).activity

    async def close_activity(self, activity_id: str, *, request_id: str | None = None) -> seckill.Activity:
        """Ends the sale for ever."""
        request = pb.CloseActivityRequest(request_id=request_id or new_request_id(), activity_id=activity_id)
        return (await self._stub.CloseActivity(request)).activity

    async def get_activity(self, activity_id: str) -> pb.GetActivityResponse:
        """An activity and its stock. Raises NotFound (ACTIVITY_NOT_FOUND)."""
        return await self._stub.GetActivity(pb.GetActivityRequest(activity_id=activity_id))

    async def list_activities(
        self,
        state: "seckill.ActivityState.ValueType" = seckill.ACTIVITY_STATE_UNSPECIFIED,
        *,
        page_size: int = 0,
        page_token: str = "",
    ) -> pb.ListActivitiesResponse:
        """Activities in a state, or in any, the latest opening first."""
        request = pb.ListActivitiesRequest(state=state, page_size=page_size, page_token=page_token)
        return await self._stub.ListActivities(request)

    async def watch_stock(
        self,
        activity_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # gRPC's own name for a deadline
    ) -> AsyncIterator[pb.WatchStockResponse]:
        """How the stock stands, at once and as it changes, until the deadline: then DeadlineExceeded.

        Unavailable (DRAINING) when the server goes down. Either way: call again.
        """
        request = pb.WatchStockRequest(activity_id=activity_id)
        async for answer in self._stub.WatchStock(request, timeout=timeout):
            yield answer

    async def reconcile(
        self, activity_id: str, *, repair: bool = False, request_id: str | None = None
    ) -> pb.ReconcileResponse:
        """Gate against database. Raises Unavailable (GATE_UNAVAILABLE)."""
        request = pb.ReconcileRequest(
            request_id=request_id or new_request_id(), activity_id=activity_id, repair=repair
        )
        return await self._stub.Reconcile(request)
