"""A database in memory: it reads what a group needs, no more, and writes what it changed, no more."""

from collections.abc import Sequence

from domain.seckill.activity import Activity
from domain.seckill.book import Book, Told
from domain.seckill.commands import Command
from domain.seckill.events import StockEvent
from domain.seckill.needs import needs_of
from domain.seckill.orders import Order
from domain.seckill.payments import Payment
from domain.seckill.sale import Outcome, decide_all
from domain.shared.instants import Instant


class Shelf:
    """One activity, its orders and payments."""

    def __init__(self, activity: Activity) -> None:
        self.activity = activity
        self.taken: dict[int, int] = {}
        self.orders: dict[str, Order] = {}
        self.units: dict[str, int] = {}
        self.payments: dict[str, Payment] = {}
        self.told: list[Told] = []
        self.told_of_stock: list[StockEvent] = []

    def commit(self, commands: Sequence[Command], now: Instant) -> Sequence[Outcome]:
        """One group in one transaction."""
        book = self._book(commands, now)
        outcomes = decide_all(commands, book)
        changes = book.changes
        for order in changes.new_orders:
            assert order.order_id not in self.orders
        for order in changes.moved_orders:
            assert order.order_id in self.orders
        for payment in changes.new_payments:
            assert payment.payment_id not in self.payments
        self.orders |= {one.order_id: one for one in (*changes.new_orders, *changes.moved_orders)}
        self.payments |= {one.payment_id: one for one in (*changes.new_payments, *changes.moved_payments)}
        for number, more in changes.taken.items():
            self.taken[number] = self.taken.get(number, 0) + more
        self.units |= changes.units
        self.told += changes.events
        self.told_of_stock += changes.stock_events
        return outcomes

    def told_again(self) -> list[tuple[str, int, str]]:
        """Every event by its order, its number and its kind."""
        return [(one.order.order_id, one.sequence, type(one.event).__name__) for one in self.told]

    def _book(self, commands: Sequence[Command], now: Instant) -> Book:
        needs = needs_of(commands)
        orders = [
            order
            for order in self.orders.values()
            if order.order_id in needs.order_ids or (order.member_id, order.request_id) in needs.requests
        ]
        needs = needs.and_of(orders)
        return Book(
            self.activity,
            self.taken,
            orders,
            {member_id: units for member_id, units in self.units.items() if member_id in needs.member_ids},
            [payment for name, payment in self.payments.items() if name in needs.payment_ids],
            now,
        )
