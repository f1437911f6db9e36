"""Refunds of the items of an order: what of its points stays earned, and what stays spent.

Both follow from all that is refunded so far, and never from one refund by itself: many small refunds come to
the same as one large one (HO-8). What is to be posted is the difference to what was posted before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.honey import refusals
from domain.honey.earning_events import Item
from domain.honey.shares import shares
from domain.honey.verdicts import Basis
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.money import MAX_AMOUNT


@dataclass(frozen=True, slots=True)
class Refund:
    """So much of what was paid for an item. One for which nothing was paid is given back whole, for 0."""

    item_id: str
    amount: int
    """In minor units."""


@dataclass(frozen=True, slots=True)
class Order:
    """The items of an order, and what of them is refunded so far."""

    items: tuple[Item, ...]
    refunded: Mapping[str, int] = field(default_factory=dict)
    """Item id → minor units; of those of which anything is."""

    def left(self, item: Item) -> int:
        """What stays paid, in minor units."""
        return item.paid - self.refunded.get(item.item_id, 0)

    def is_returned(self, item: Item) -> bool:
        """Whether nothing is left of it."""
        return item.item_id in self.refunded and not self.left(item)

    @property
    def paid(self) -> int:
        """What stays paid for all items."""
        return sum(self.left(item) for item in self.items)

    @property
    def spent(self) -> int:
        """Points that stay spent: of each item its share, of which a part comes back rounded down."""
        return sum(self.stays_spent(item) for item in self.items)

    def stays_spent(self, item: Item) -> int:
        """Points of one item."""
        if self.is_returned(item):
            return 0
        refunded = self.refunded.get(item.item_id, 0)
        return item.spent - (item.spent * refunded // item.paid if refunded else 0)

    def earned(self, basis: Basis) -> int:
        """Points that stay earned by a rule: what it gives for what stays paid."""
        # A gift that is kept keeps no points.
        is_given_back = self.refunded and not self.paid and not self.spent
        return 0 if is_given_back else basis.points(self.paid)

    def earned_by_item(self, basis: Basis) -> list[int]:
        """The same, split by what stays paid for each."""
        weights = [self.left(item) if self.paid else not self.is_returned(item) for item in self.items]
        return shares(self.earned(basis), weights)


def known_of(items: tuple[Item, ...], refunded: Mapping[str, int]) -> Order:
    """An order of which refunds came before we heard of it: more than was paid for an item is all of it."""
    paid = {item.item_id: item.paid for item in items}
    return Order(items, {each: min(amount, paid[each]) for each, amount in refunded.items() if each in paid})


def refunded(order: Order, refunds: Sequence[Refund]) -> Order:
    """The order after some more of it was refunded: all of these, or none.

    Raises Invalid (an item that is not the order's, an amount that is none) and Refused (MORE_THAN_ORDERED).
    """
    _require_sound(order, refunds)
    so_far = dict(order.refunded)
    items = {item.item_id: item for item in order.items}
    for refund in refunds:
        item = items[refund.item_id]
        before = Order(order.items, so_far)
        if refund.amount > before.left(item) or before.is_returned(item):
            raise refusals.more_than_ordered(refund.item_id, refund.amount, before.left(item))
        so_far[refund.item_id] = so_far.get(refund.item_id, 0) + refund.amount
    return Order(order.items, so_far)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be posted so that an order's points are what they shall be. Nothing of it is below zero."""

    take_back: Mapping[str, int]
    """Rule id → points of its earning."""
    give_back: int
    """Points of the order's spend."""


def settlement(order: Order, bases: Iterable[Basis], earned: Mapping[str, int], spent: int) -> Settlement:
    """From what is posted for the order now: earned, by rule id, and spent.

    What was taken or given back already for another reason is not done twice, and not undone.
    """
    due = {basis.rule.rule_id: order.earned(basis) for basis in bases}
    take_back = {
        rule_id: points - due[rule_id] for rule_id, points in earned.items() if points > due[rule_id]
    }
    return Settlement(take_back, max(spent - order.spent, 0))


def _require_sound(order: Order, refunds: Sequence[Refund]) -> None:
    items = {item.item_id: item for item in order.items}
    found = list[FieldViolation]()
    for place, refund in enumerate(refunds):
        item = items.get(refund.item_id)
        if item is None:
            path = f"refunds[{place}].item_id"
            found.append(FieldViolation(path, "ITEM_UNKNOWN", "`item_id` is one of the order's"))
        elif not min(item.paid, 1) <= refund.amount <= MAX_AMOUNT:
            path = f"refunds[{place}].amount_minor"
            description = "`amount_minor` is above 0; 0 for an item for which nothing was paid"
            found.append(FieldViolation(path, "OUT_OF_BOUNDS", description))
    if found:
        raise Invalid(found)
