"""What other services hear of a sale. Fields are plain: their names and values are the stored format.

The subject of what happens to an order is the order, and its number within the subject the order's `moves`;
that of what happens to the stock is the activity (`stock`).
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
class OrderPaid:
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
    reserved: Instant
    scene: str
    """From where it was ordered; empty if nobody said."""


@dataclass(frozen=True, slots=True)
class OrderDelivered:
    """The member has what was bought."""

    order_id: str
    activity_id: str
    member_id: str


@dataclass(frozen=True, slots=True)
class OrderExpired:
    """An order was not paid for in time, and its units went back."""

    order_id: str
    activity_id: str
    member_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """An unpaid order was not wanted any more, and its units went back."""

    order_id: str
    activity_id: str
    member_id: str
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrderRefunded:
    """What a paid order bought cannot be given: its units went back, and `RefundDue` follows."""

    order_id: str
    activity_id: str
    member_id: str
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class PaymentLate:
    """A payment found its order expired: `UnitReserved` and `OrderPaid` follow, or `RefundDue`."""

    payment_id: str
    order_id: str
    activity_id: str
    member_id: str
    currency: str
    amount_minor: int
    paid: Instant


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


Event = (
    UnitReserved
    | OrderPaid
    | OrderDelivered
    | OrderExpired
    | OrderCancelled
    | OrderRefunded
    | PaymentLate
    | RefundDue
)
"""Of an order."""


@dataclass(frozen=True, slots=True)
class StockReturned:
    """Units can be bought again: orders ended, or an operator raised the stock."""

    activity_id: str
    units: int
    """How many came back."""
    left: int
    """How many nobody has now."""


@dataclass(frozen=True, slots=True)
class ActivitySoldOut:
    """The last unit was taken; again after each return."""

    activity_id: str


StockEvent = StockReturned | ActivitySoldOut
