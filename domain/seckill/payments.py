"""Payments: each ends as exactly one delivered order or exactly one refund (SK-4)."""

from dataclasses import dataclass
from enum import StrEnum

from domain.shared.instants import Instant
from domain.shared.money import Money


class PaymentFate(StrEnum):
    """What became of a payment. DELIVERED and REFUNDED are final."""

    APPLIED = "APPLIED"
    DELIVERED = "DELIVERED"
    REFUNDED = "REFUNDED"


class RefundCause(StrEnum):
    """Why a payment goes back."""

    SOLD_OUT = "SOLD_OUT"
    MEMBER_LIMIT_REACHED = "MEMBER_LIMIT_REACHED"
    ACTIVITY_CLOSED = "ACTIVITY_CLOSED"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    ORDER_PAID_ALREADY = "ORDER_PAID_ALREADY"
    AMOUNT_WRONG = "AMOUNT_WRONG"
    DELIVERY_REFUSED = "DELIVERY_REFUSED"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that somebody paid for an order, and what became of it."""

    payment_id: str
    order_id: str
    activity_id: str
    amount: Money
    paid: Instant
    fate: PaymentFate
    cause: RefundCause | None = None
    """Why it goes back; only with REFUNDED."""
