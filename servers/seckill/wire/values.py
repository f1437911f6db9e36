"""Enums, money and moments of Seckill on the wire."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from domain.seckill.activity import ActivityState
from domain.seckill.comparison import Difference
from domain.seckill.orders import OrderState
from domain.seckill.payments import PaymentFate, RefundCause
from domain.shared.instants import Instant
from domain.shared.money import Money
from nectary.common.v1 import money_pb2
from nectary.seckill.v1 import seckill_pb2 as pb
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import instant_of, timestamp_of

ACTIVITY_STATES = Names(ActivityState, pb.ActivityState)
ORDER_STATES = Names(OrderState, pb.OrderState)
FATES = Names(PaymentFate, pb.PaymentFate)
CAUSES = Names(RefundCause, pb.RefundCause)
DIFFERENCES = Names(Difference, pb.DifferenceKind)


def money(own: Money) -> money_pb2.Money:
    return money_pb2.Money(currency=own.currency, amount_minor=own.amount)


def own_money(message: money_pb2.Money) -> Money:
    return Money(message.currency, message.amount_minor)


def optional_timestamp(own: Instant | None) -> Timestamp | None:
    return None if own is None else timestamp_of(own)


def optional_instant(message: Any, field: str) -> Instant | None:
    """A time of a message; None if it is absent."""
    return instant_of(getattr(message, field)) if message.HasField(field) else None
