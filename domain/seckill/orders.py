"""Orders: units set aside for one member, until they are paid for or go back."""

from dataclasses import dataclass
from enum import StrEnum

from domain.shared.instants import Instant
from domain.shared.money import Money


class OrderState(StrEnum):
    """Where an order stands."""

    RESERVED = "RESERVED"
    PAID = "PAID"
    DELIVERED = "DELIVERED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


HOLDING = frozenset({OrderState.RESERVED, OrderState.PAID, OrderState.DELIVERED})
"""The states in which an order's units are taken."""


@dataclass(frozen=True, slots=True)
class Order:
    """Some units of an activity for a member."""

    order_id: str
    activity_id: str
    member_id: str
    request_id: str
    tranche: int
    """From where its units are; another one may give them when it is reserved again."""
    quantity: int
    price: Money
    """Of one unit."""
    scene: str
    reserved: Instant
    expires: Instant
    """By when it is to be paid, exclusive."""
    state: OrderState = OrderState.RESERVED
    moves: int = 0
    """Counts its events, from 1 with its reservation."""
    paid: Instant | None = None
    payment_id: str = ""
    ended: Instant | None = None
    """When it came to DELIVERED, EXPIRED, CANCELLED or REFUNDED."""
    reason: str = ""
    """Why it was cancelled or refunded; empty if nobody said."""

    @property
    def payable(self) -> Money:
        return Money(self.price.currency, self.price.amount * self.quantity)

    @property
    def holds(self) -> bool:
        """Whether its units are taken."""
        return self.state in HOLDING

    def state_at(self, now: Instant) -> OrderState:
        """As it is shown: the expiry job may be some moments behind."""
        if self.state is OrderState.RESERVED and now >= self.expires:
            return OrderState.EXPIRED
        return self.state
