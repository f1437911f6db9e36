"""`nectary.seckill.v1.ActivityService`: translate, ask, translate back."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message

from domain.seckill.activity import Activity, ActivityState
from domain.seckill.operating import Close, Create, Operation, Publish, Update
from nectary.seckill.v1 import activity_service_pb2 as pb
from nectary.seckill.v1 import activity_service_pb2_grpc as rpc
from nectary.seckill.v1 import seckill_pb2
from servers.mesh.pages import Query, place_of, size_of, token_of_place
from servers.seckill.asking import acts_for_nobody, require_visible
from servers.seckill.glances import Glances
from servers.seckill.ports import Activities
from servers.seckill.watching import Watching
from servers.seckill.wire import activities
from servers.seckill.wire.comparisons import reconciliation
from servers.seckill.wire.values import ACTIVITY_STATES
from servers.store.asked import asked

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

M = TypeVar("M", bound=Message)


class ActivityServicer(rpc.ActivityServiceServicer):
    """What is sold in flash sales, and how the sales go."""

    def __init__(self, own: Activities) -> None:
        self._activities = own
        self._watching = Watching(own)
        self._glances = Glances(own)

    async def CreateActivity(
        self, request: pb.CreateActivityRequest, context: "Context"
    ) -> pb.CreateActivityResponse:
        command = Create(request.activity_id, activities.settings_of(request.settings))
        response = await self._activities.create(asked(request), command, _answer(pb.CreateActivityResponse))
        return pb.CreateActivityResponse.FromString(response)

    async def UpdateActivity(
        self, request: pb.UpdateActivityRequest, context: "Context"
    ) -> pb.UpdateActivityResponse:
        changed = activities.changed_settings(request.settings, list(request.update_mask.paths))
        command = Update(changed, request.expected_revision)
        return await self._operated(request, command, pb.UpdateActivityResponse)

    async def PublishActivity(
        self, request: pb.PublishActivityRequest, context: "Context"
    ) -> pb.PublishActivityResponse:
        command = Publish(request.expected_revision)
        return await self._operated(request, command, pb.PublishActivityResponse)

    async def CloseActivity(
        self, request: pb.CloseActivityRequest, context: "Context"
    ) -> pb.CloseActivityResponse:
        return await self._operated(request, Close(), pb.CloseActivityResponse)

    async def GetActivity(self, request: pb.GetActivityRequest, context: "Context") -> pb.GetActivityResponse:
        look = self._activities.standing if acts_for_nobody() else self._glances
        standing = await look(request.activity_id)
        require_visible(standing.activity)
        return pb.GetActivityResponse(
            activity=activities.activity(standing.activity), stock=activities.stock(standing)
        )

    async def ListActivities(
        self, request: pb.ListActivitiesRequest, context: "Context"
    ) -> pb.ListActivitiesResponse:
        states = _states(request.state)
        query: Query = ["activities", *sorted(states)]
        before, size = place_of(query, request.page_token), size_of(request.page_size)
        found = await self._activities.activities(states, before, size + 1) if states else ()
        page, more = found[:size], len(found) > size
        last = (page[-1].settings.opens, page[-1].activity_id) if page else None
        return pb.ListActivitiesResponse(
            activities=[activities.activity(one) for one in page],
            next_page_token=token_of_place(query, last) if more and last else "",
        )

    async def WatchStock(
        self, request: pb.WatchStockRequest, context: "Context"
    ) -> AsyncIterator[pb.WatchStockResponse]:
        async for standing in self._watching.of(request.activity_id):
            yield pb.WatchStockResponse(
                stock=activities.stock(standing), state=ACTIVITY_STATES.wire(standing.activity.state)
            )

    async def Reconcile(self, request: pb.ReconcileRequest, context: "Context") -> pb.ReconcileResponse:
        return reconciliation(*await self._activities.reconcile(request.activity_id, request.repair))

    async def _operated(
        self,
        request: pb.UpdateActivityRequest | pb.PublishActivityRequest | pb.CloseActivityRequest,
        command: Operation,
        response: type[M],
    ) -> M:
        stored = await self._activities.operate(
            asked(request), request.activity_id, command, _answer(response)
        )
        return response.FromString(stored)


def _answer(response: type[Message]) -> Callable[[Activity], bytes]:
    """Every write of an activity answers with the activity."""

    def answer(own: Activity) -> bytes:
        message: Any = response()
        message.activity.CopyFrom(activities.activity(own))
        return bytes(message.SerializeToString(deterministic=True))

    return answer


def _states(asked_for: "seckill_pb2.ActivityState.ValueType") -> frozenset[ActivityState]:
    """Those that are to be listed, and that the caller may see."""
    wanted = ACTIVITY_STATES.own_or_none(asked_for)
    states = frozenset(ActivityState) if wanted is None else frozenset({wanted})
    return states if acts_for_nobody() else states - {ActivityState.DRAFT}
