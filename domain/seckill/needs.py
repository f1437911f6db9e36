"""What must be read before a group of commands can be decided."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.seckill.commands import Command, Pay, Reserve
from domain.seckill.orders import Order


@dataclass(frozen=True, slots=True)
class Needs:
    """Orders first; then, with `and_of`, the members and payments that those orders bring."""

    requests: frozenset[tuple[str, str]]
    """Members and request ids by which orders are looked up."""
    order_ids: frozenset[str]
    member_ids: frozenset[str]
    """Whose units are counted."""
    payment_ids: frozenset[str]

    def and_of(self, orders: Iterable[Order]) -> "Needs":
        """What the orders that were found add to it."""
        found = [order for order in orders if order.order_id in self.order_ids]
        return Needs(
            self.requests,
            self.order_ids,
            self.member_ids | {order.member_id for order in found},
            self.payment_ids | {order.payment_id for order in found if order.payment_id},
        )


def needs_of(commands: Iterable[Command]) -> Needs:
    """What the commands themselves name."""
    reserves, others = [], []
    for command in commands:
        if isinstance(command, Reserve):
            reserves.append(command)
        else:
            others.append(command)
    return Needs(
        frozenset((one.member_id, one.request_id) for one in reserves),
        frozenset(one.order_id for one in others),
        frozenset(one.member_id for one in reserves),
        frozenset(one.payment_id for one in others if isinstance(one, Pay)),
    )
