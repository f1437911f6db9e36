"""The book of one activity that a group of commands works on, and what the group changed in it.

Whoever saves an order moves its units with it: taken and given-back units are never counted by hand, so
that none is lost or made (I8).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domain.seckill.activity import Activity, Tranche
from domain.seckill.events import Event, StockEvent
from domain.seckill.orders import Order
from domain.seckill.payments import Payment
from domain.seckill.refusals import order_not_found
from domain.seckill.stock import left_of, told_of_stock
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its order, and its number among the order's events."""

    order: Order
    sequence: int
    event: Event


@dataclass(frozen=True)
class Changes:
    """What a group leaves behind, all of which is written in one transaction, or nothing."""

    new_orders: tuple[Order, ...]
    moved_orders: tuple[Order, ...]
    new_payments: tuple[Payment, ...]
    moved_payments: tuple[Payment, ...]
    taken: Mapping[int, int]
    """Units by which a tranche has more taken than before; less, if negative; never 0."""
    units: Mapping[str, int]
    """The members whose units changed, and how many each has now."""
    events: tuple[Told, ...]
    stock_events: tuple[StockEvent, ...]
    """Of the activity: one, or none."""

    @property
    def total_taken(self) -> int:
        """Units by which the activity has more taken than before."""
        return sum(self.taken.values())


class Book:
    """Orders, payments and counts as they stand after the commands so far."""

    def __init__(
        self,
        activity: Activity,
        taken: Mapping[int, int],
        orders: Iterable[Order],
        units: Mapping[str, int],
        payments: Iterable[Payment],
        now: Instant,
    ) -> None:
        """What `needs.Needs` names must be here, if it exists. A tranche or member not given has no units."""
        self.activity = activity
        self.now = now
        self._orders = {order.order_id: order for order in orders}
        self._by_request = {(order.member_id, order.request_id): order.order_id for order in orders}
        self._payments = {payment.payment_id: payment for payment in payments}
        self._taken = dict(taken)
        self._units = dict(units)
        self._before = (dict(taken), dict(units), set(self._orders), set(self._payments))
        self._touched_orders: dict[str, None] = {}
        self._touched_payments: dict[str, None] = {}
        self._events: list[Told] = []

    def order(self, order_id: str) -> Order:
        """Raises NotFound (ORDER_NOT_FOUND)."""
        if order_id not in self._orders:
            raise order_not_found(order_id)
        return self._orders[order_id]

    def ordered(self, member_id: str, request_id: str) -> Order | None:
        """The order that a request made."""
        order_id = self._by_request.get((member_id, request_id))
        return None if order_id is None else self._orders[order_id]

    def payment(self, payment_id: str) -> Payment | None:
        return self._payments.get(payment_id)

    def left(self, tranche: Tranche) -> int:
        """Units that nobody has."""
        return tranche.stock - self._taken.get(tranche.number, 0)

    def units(self, member_id: str) -> int:
        """Units that a member has now."""
        return self._units.get(member_id, 0)

    def save(self, order: Order, *events: Event) -> Order:
        """Keep an order, new or changed, tell what happened to it, and count its units as its state says."""
        before = self._orders.get(order.order_id)
        if before is not None:
            self._count(before, -1)
        self._count(order, +1)
        order = replace(order, moves=order.moves + len(events))
        self._orders[order.order_id] = order
        self._by_request[order.member_id, order.request_id] = order.order_id
        self._touched_orders[order.order_id] = None
        first = order.moves - len(events) + 1
        self._events += [Told(order, first + index, event) for index, event in enumerate(events)]
        return order

    def keep(self, payment: Payment) -> Payment:
        """Keep a payment, new or with another fate."""
        self._payments[payment.payment_id] = payment
        self._touched_payments[payment.payment_id] = None
        return payment

    def _count(self, order: Order, sign: int) -> None:
        if order.holds:
            units = sign * order.quantity
            self._taken[order.tranche] = self._taken.get(order.tranche, 0) + units
            self._units[order.member_id] = self.units(order.member_id) + units

    @property
    def changes(self) -> Changes:
        """What the commands so far have changed."""
        taken, units, orders, payments = self._before
        touched_orders = [self._orders[order_id] for order_id in self._touched_orders]
        touched_payments = [self._payments[payment_id] for payment_id in self._touched_payments]
        return Changes(
            new_orders=tuple(order for order in touched_orders if order.order_id not in orders),
            moved_orders=tuple(order for order in touched_orders if order.order_id in orders),
            new_payments=tuple(one for one in touched_payments if one.payment_id not in payments),
            moved_payments=tuple(one for one in touched_payments if one.payment_id in payments),
            taken={
                number: count - taken.get(number, 0)
                for number, count in self._taken.items()
                if count != taken.get(number, 0)
            },
            units={
                member_id: count
                for member_id, count in self._units.items()
                if count != units.get(member_id, 0)
            },
            events=tuple(self._events),
            stock_events=told_of_stock(
                self.activity.activity_id,
                left_of(self.activity, taken),
                left_of(self.activity, self._taken),
            ),
        )
