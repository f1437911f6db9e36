"""Reservations, orders and payments on the wire."""

from domain.seckill.orders import Order
from domain.seckill.payments import Payment
from domain.shared.instants import Instant
from nectary.seckill.v1 import seckill_pb2 as pb
from nectary.seckill.v1 import seckill_service_pb2
from servers.mesh.timestamps import set_timestamp, timestamp_of
from servers.seckill.wire.values import CAUSES, FATES, ORDER_STATES, money, optional_timestamp


def reserved(own: Order) -> seckill_service_pb2.ReserveUnitResponse:
    """Only what never changes (I5).

    Written field by field: the answer of the hot path, and messages that are handed to messages are copied.
    """
    response = seckill_service_pb2.ReserveUnitResponse()
    reservation = response.reservation
    reservation.order_id = own.order_id
    reservation.activity_id = own.activity_id
    reservation.member_id = own.member_id
    reservation.quantity = own.quantity
    payable = own.payable
    reservation.payable.currency = payable.currency
    reservation.payable.amount_minor = payable.amount
    set_timestamp(reservation.reserve_time, own.reserved)
    set_timestamp(reservation.expire_time, own.expires)
    return response


def order(own: Order, at: Instant) -> pb.Order:
    """An order, in the state that it has at an instant."""
    return pb.Order(
        order_id=own.order_id,
        activity_id=own.activity_id,
        member_id=own.member_id,
        request_id=own.request_id,
        tranche=own.tranche,
        quantity=own.quantity,
        price=money(own.price),
        payable=money(own.payable),
        scene=own.scene,
        state=ORDER_STATES.wire(own.state_at(at)),
        reserve_time=timestamp_of(own.reserved),
        expire_time=timestamp_of(own.expires),
        pay_time=optional_timestamp(own.paid),
        payment_id=own.payment_id,
        end_time=optional_timestamp(own.ended),
        end_reason=own.reason,
    )


def payment(own: Payment) -> pb.Payment:
    return pb.Payment(
        payment_id=own.payment_id,
        order_id=own.order_id,
        amount=money(own.amount),
        pay_time=timestamp_of(own.paid),
        fate=FATES.wire(own.fate),
        refund_cause=CAUSES.wire(own.cause) if own.cause else pb.REFUND_CAUSE_UNSPECIFIED,
    )
