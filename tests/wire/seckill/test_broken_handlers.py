"""An error of ours is told as an error, by every method (row 26)."""

from typing import Any

import grpc
from google.protobuf.message import Message

from nectary.seckill.v1 import activity_service_pb2 as activities
from nectary.seckill.v1 import activity_service_pb2_grpc
from nectary.seckill.v1 import seckill_service_pb2 as pb
from servers.seckill.sql.tables import metadata
from tests.servers import Redis
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import refusal, selling
from tests.wire.seckill.conftest import emptied
from tests.wire.seckill.mesh import PATHS, START, serving

GATE_AWAY = (grpc.StatusCode.UNAVAILABLE, "GATE_UNAVAILABLE")
"""On a busy machine, of a Redis that takes longer than 20 ms: an error too."""


def one_of_each(activity_id: str) -> dict[str, Message]:
    """A good request to every method, of things that nobody has asked for before."""
    order = r.new_id()
    return {
        "CreateActivity": r.a_creation(),
        "UpdateActivity": r.an_update(activity_id, title="New"),
        "PublishActivity": r.a_publication(activity_id),
        "CloseActivity": r.a_closing(activity_id),
        "GetActivity": activities.GetActivityRequest(activity_id=activity_id),
        "ListActivities": activities.ListActivitiesRequest(),
        "WatchStock": activities.WatchStockRequest(activity_id=activity_id),
        "Reconcile": r.a_reconciliation(activity_id),
        "ReserveUnit": r.a_reservation(activity_id),
        "GetResult": r.a_question(r.a_reservation(activity_id)),
        "GetOrder": pb.GetOrderRequest(order_id=order),
        "ListOrders": pb.ListOrdersRequest(member_id="ann"),
        "CancelOrder": r.a_cancellation(order),
        "ConfirmPayment": r.a_payment(order),
    }


async def first_of(stub: activity_service_pb2_grpc.ActivityServiceStub, request: Any) -> object:
    """What a watcher is told first, if anything."""
    return await anext(aiter(stub.WatchStock(request)))


async def test_a_handler_that_raises_is_an_error_to_its_caller(
    store_url: str, valkey: Redis, redis_url: str
) -> None:
    """I4: the tables are gone, which no rule of ours knows of; no answer is an empty success."""
    await emptied(redis_url)
    async with serving(store_url, redis_url, slices=("seckill",)) as mesh:
        await mesh.at(START)
        activity_id = await selling(mesh)
        await mesh.store.transact(metadata.drop_all)
        asked = one_of_each(activity_id)
        assert set(asked) == set(PATHS)
        told: dict[str, tuple[grpc.StatusCode, str]] = {}
        for name, request in asked.items():
            call = mesh.call(name, request) if name != "WatchStock" else first_of(mesh.activities, request)
            error = await refusal(call)
            told[name] = (error.code, error.reason)
        if told["Reconcile"] == GATE_AWAY:
            del told["Reconcile"]
        assert set(told.values()) == {(grpc.StatusCode.INTERNAL, "INTERNAL")}, told
