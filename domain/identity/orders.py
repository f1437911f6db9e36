"""Orders: a quoted purchase that waits for its payment."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from domain.identity.catalog import Channel
from domain.identity.placement import Placed
from domain.identity.terms import Placement
from domain.shared.errors import Raced, Refused
from domain.shared.instants import MINUTE, Instant

ORDER_LIFE = 30 * MINUTE
"""How long an order can be paid on its terms."""


class OrderState(StrEnum):
    """Where an order stands. EXPIRED follows from time and is never stored."""

    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order promises: the payment must lead to exactly this, or is refused as stale."""

    placement: Placement
    lane_id: str | None
    superseded: tuple[str, ...]
    credit: int

    @staticmethod
    def of(placed: Placed) -> "Quote":
        superseded = tuple(term.term_id for term, _ in placed.decision.superseded)
        return Quote(placed.term.placement, placed.decision.lane_id, superseded, placed.residues.credit)


@dataclass(frozen=True, slots=True)
class Order:
    """One card, wanted by one member, on quoted terms."""

    order_id: str
    member_id: str
    sku_id: str
    sku_version: int
    catalog_revision: int
    source: str
    channel: Channel
    fingerprints: tuple[str, ...]
    currency: str
    price: int
    quote: Quote
    created: Instant
    expires: Instant
    state: OrderState = OrderState.PENDING_PAYMENT
    payment_id: str = ""
    paid: Instant | None = None
    term_id: str = ""
    cancel_reason: str = ""

    @property
    def payable(self) -> int:
        return self.price - self.quote.credit

    def state_at(self, now: Instant) -> OrderState:
        if self.state is OrderState.PENDING_PAYMENT and now >= self.expires:
            return OrderState.EXPIRED
        return self.state


@dataclass(frozen=True, slots=True)
class RefundNotice:
    """A refund that came before the payment of its order."""

    refund_id: str
    order_id: str
    member_id: str
    at: Instant
    share: Fraction
    keep_time: bool
    reason: str
    release_trial: bool = False


def require_payable(order: Order, amount: int, currency: str, paid: Instant) -> None:
    """Raises Refused (ORDER_STATE_WRONG, PAYMENT_AMOUNT_WRONG) or Raced (STALE_PREVIEW: it expired)."""
    if order.state is OrderState.CANCELLED:
        raise Refused(
            "ORDER_STATE_WRONG", "the order was cancelled", order_id=order.order_id, state=order.state.value
        )
    if (amount, currency) != (order.payable, order.currency):
        raise Refused(
            "PAYMENT_AMOUNT_WRONG",
            f"{order.payable} {order.currency} were to be paid, not {amount} {currency}",
            order_id=order.order_id,
            expected_minor=str(order.payable),
            paid_minor=str(amount),
        )
    if paid >= order.expires:
        raise stale(order)


def require_as_quoted(order: Order, placed: Placed) -> None:
    """Raises Raced (STALE_PREVIEW) if other writers changed what the payment leads to."""
    if Quote.of(placed) != order.quote:
        raise stale(order)


def stale(order: Order) -> Raced:
    return Raced("STALE_PREVIEW", "the order's terms no longer hold: preview again", order_id=order.order_id)
