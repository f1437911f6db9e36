"""Requests with defaults: a test names only what it is about."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from nectary.common.v1 import money_pb2
from nectary.seckill.v1 import activity_service_pb2 as activities
from nectary.seckill.v1 import seckill_pb2 as seckill
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.wire.seckill.mesh import START

GOLD = "gold_monthly"


def new_id() -> str:
    return uuid4().hex


def an_id() -> str:
    """Of an activity that no other test knows."""
    return f"sale_{new_id()[:20]}"


def ts(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def yuan(fen: int, currency: str = "CNY") -> money_pb2.Money:
    return money_pb2.Money(currency=currency, amount_minor=fen)


def settings(**more: Any) -> seckill.ActivitySettings:
    """Ten gold cards for 9.90 yuan, one a member, from now for an hour, to be paid in fifteen minutes."""
    defaults: dict[str, Any] = {
        "title": "Gold for a song",
        "item": seckill.Item(sku_id=GOLD),
        "price": yuan(990),
        "open_time": ts(START),
        "close_time": ts(START + timedelta(hours=1)),
        "stock": 10,
        "member_limit": 1,
        "payment_timeout": Duration(seconds=900),
    }
    return seckill.ActivitySettings(**defaults | more)


def a_creation(activity_id: str = "", **more: Any) -> activities.CreateActivityRequest:
    return activities.CreateActivityRequest(
        request_id=new_id(), activity_id=activity_id or an_id(), settings=settings(**more)
    )


def an_update(activity_id: str, revision: int = 0, **changed: Any) -> activities.UpdateActivityRequest:
    return activities.UpdateActivityRequest(
        request_id=new_id(),
        activity_id=activity_id,
        expected_revision=revision,
        settings=seckill.ActivitySettings(**changed),
        update_mask=FieldMask(paths=list(changed)),
    )


def a_publication(activity_id: str, **more: Any) -> activities.PublishActivityRequest:
    return activities.PublishActivityRequest(request_id=new_id(), activity_id=activity_id, **more)


def a_closing(activity_id: str) -> activities.CloseActivityRequest:
    return activities.CloseActivityRequest(request_id=new_id(), activity_id=activity_id)


def a_reconciliation(activity_id: str, repair: bool = False) -> activities.ReconcileRequest:
    return activities.ReconcileRequest(request_id=new_id(), activity_id=activity_id, repair=repair)


def a_reservation(activity_id: str, member_id: str = "ann", **more: Any) -> pb.ReserveUnitRequest:
    defaults: dict[str, Any] = {"request_id": new_id(), "activity_id": activity_id, "member_id": member_id}
    return pb.ReserveUnitRequest(**defaults | more)


def a_question(request: pb.ReserveUnitRequest) -> pb.GetResultRequest:
    """What became of a reservation."""
    return pb.GetResultRequest(
        activity_id=request.activity_id,
        member_id=request.member_id,
        reserve_request_id=request.request_id,
    )


def a_payment(order_id: str, fen: int = 990, **more: Any) -> pb.ConfirmPaymentRequest:
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "order_id": order_id,
        "payment_id": new_id(),
        "amount": yuan(fen),
    }
    return pb.ConfirmPaymentRequest(**defaults | more)


def a_cancellation(order_id: str, **more: Any) -> pb.CancelOrderRequest:
    return pb.CancelOrderRequest(**{"request_id": new_id(), "order_id": order_id} | more)
