"""Earning events with defaults: a test names only what it is about."""

from typing import Any

from nectary.honey.v1 import earning_service_pb2 as pb
from nectary.honey.v1 import wallet_service_pb2 as wallets
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import HONEY
from tests.wire.honey.scenes import FEW, PAID


def an_event(event_id: str = "", scene: str = FEW, **more: Any) -> pb.EarningEvent:
    told: dict[str, Any] = {"event_id": event_id or r.new_id(), "scene": scene, "event_time": r.later()}
    return pb.EarningEvent(**told | more)


def an_order(*paid: int, spent: int = 0, order_id: str = "", **more: Any) -> pb.EarningEvent:
    """Of items called a, b, c … that were paid so much, the first in points, too."""
    items = [pb.OrderItem(item_id="abcdefgh"[place], paid_minor=each) for place, each in enumerate(paid)]
    if spent:
        items[0].spent_points = spent
    return an_event(order_id, PAID, **{"currency": "CNY", "items": items} | more)


def a_recording(member: str, event: pb.EarningEvent, **more: Any) -> pb.RecordEventRequest:
    return pb.RecordEventRequest(**{"request_id": r.new_id(), **r.of(member, event=event)} | more)


def an_evaluation(member: str, event: pb.EarningEvent, **more: Any) -> pb.EvaluateEventRequest:
    return pb.EvaluateEventRequest(**r.of(member, event=event) | more)


def a_refund(order_id: str, items: dict[str, int], **more: Any) -> wallets.RefundOrderItemsRequest:
    refunds = [wallets.ItemRefund(item_id=name, amount_minor=paid) for name, paid in items.items()]
    told = {"request_id": r.new_id(), "programme_id": HONEY, "order_id": order_id, "refunds": refunds}
    return wallets.RefundOrderItemsRequest(**told | more)
