"""What can be asked of a sale. `sale.Sale` decides each."""

from collections.abc import Set
from dataclasses import dataclass

from domain.shared.instants import Instant
from domain.shared.money import Money


@dataclass(frozen=True, slots=True)
class Reserve:
    """Set units aside for a member."""

    order_id: str
    """Of the order that it makes."""
    member_id: str
    request_id: str
    quantity: int
    scene: str
    held_skus: Set[str] = frozenset()
    """Those of the SKUs that open a tranche that the member holds now."""
    claimed: int = 0
    """The tranche in which the gate has set the units aside: taken if it may be. 0: none."""


@dataclass(frozen=True, slots=True)
class Pay:
    """Somebody paid for an order."""

    order_id: str
    payment_id: str
    amount: Money
    paid: Instant | None
    """None: now."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """An unpaid order is not wanted any more."""

    order_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Expire:
    """Give the units of an order back whose time has passed. Nothing happens to any other."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """The member has what a paid order bought."""

    order_id: str


@dataclass(frozen=True, slots=True)
class RefuseDelivery:
    """What a paid order bought cannot be given to the member, for ever."""

    order_id: str
    reason: str


Command = Reserve | Pay | Cancel | Expire | Deliver | RefuseDelivery
