"""What other services hear of a sale. Fields are plain: their names and values are the stored format.

The subject of an event is its order, and its number within the subject the order's `moves`.
"""

from dataclasses import dataclass

from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class UnitReserved:
    """Units were set aside for a member; again, if `again`, for a payment that came late."""

    order_id: str
    activity_id: str
    member_id: str
    quantity: int
    expires: Instant
    again: bool = False


@dataclass(frozen=True, slots=True)
class SeckillOrderPaid:
    """An order was paid: whoever has what it bought delivers it, and says so, or that it cannot."""

    order_id: str
    activity_id: str
    member_id: str
    sku_id: str
    """Empty for a benefit."""
    benefit_id: str
    """Empty for a SKU."""
    quantity: int
    payment_id: str
    currency: str
    amount_minor: int
    """Of one unit."""
    paid: Instant


@dataclass(frozen=True, slots=True)
class OrderDelivered:
    """The member has what was bought."""

    order_id: str
    activity_id: str
    member_id: str


@dataclass(frozen=True, slots=True)
class OrderEnded:
    """An order's units went back."""

    order_id: str
    activity_id: str
    member_id: str
    quantity: int
    state: str
    """EXPIRED, CANCELLED or REFUNDED."""
    reason: str


@dataclass(frozen=True, slots=True)
class RefundDue:
    """A payment is to be paid back, whole, once: the paying system does it."""

    payment_id: str
    order_id: str
    activity_id: str
    member_id: str
    currency: str
    amount_minor: int
    cause: str


Event = UnitReserved | SeckillOrderPaid | OrderDelivered | OrderEnded | RefundDue
