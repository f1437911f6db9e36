"""A flash sale once more, as the specification tells it: a list of all that ever happened, and no counters.

Every question is answered by going through all orders. It shares the commands and settings with
the code that it judges, and none of its steps.
"""

from collections.abc import Set

from domain.seckill.activity import Activity
from domain.seckill.commands import Cancel, Command, Deliver, Expire, Pay, RefuseDelivery, Reserve
from domain.shared.instants import SECOND, Instant


class NaiveSale:
    """Says of each command how it ends: (what, order id, more)."""

    def __init__(self, activity: Activity) -> None:
        self.activity = activity
        self.made: dict[str, tuple[Reserve, Instant]] = {}
        self.happened: dict[str, list[tuple[str, int]]] = {}
        """Order id -> all that happened to it: what, and with a reservation from which tranche."""
        self.paid: dict[str, tuple[Pay, str]] = {}
        """Payment id -> the payment and what became of it."""

    def state(self, order_id: str) -> str:
        return self.happened[order_id][-1][0]

    def tranche(self, order_id: str) -> int:
        return [number for what, number in self.happened[order_id] if what == "RESERVED"][-1]

    def holding(self) -> list[str]:
        return [name for name in self.made if self.state(name) in ("RESERVED", "PAID", "DELIVERED")]

    def taken(self, number: int) -> int:
        return sum(self.made[name][0].quantity for name in self.holding() if self.tranche(name) == number)

    def units(self, member_id: str) -> int:
        of_member = [self.made[name][0] for name in self.holding()]
        return sum(order.quantity for order in of_member if order.member_id == member_id)

    def sells(self, now: Instant) -> bool:
        settings = self.activity.settings
        return self.activity.state == "PUBLISHED" and settings.opens <= now and now < settings.closes

    def ask(self, command: Command, now: Instant) -> tuple[str, ...]:
        if isinstance(command, Reserve):
            return self.reserve(command, now)
        if command.order_id not in self.made:
            return ("ORDER_NOT_FOUND",)
        if isinstance(command, Pay):
            return self.pay(command, now)
        due = now >= self.made[command.order_id][1] + self.activity.settings.payment_seconds * SECOND
        state = self.state(command.order_id)
        if isinstance(command, Cancel):
            if state == "CANCELLED":
                return ("DONE", command.order_id, state)
            if state != "RESERVED" or due:
                return ("ORDER_STATE_WRONG",)
            return self.move("CANCELLED", command.order_id)
        if isinstance(command, Expire):
            if state == "RESERVED" and due:
                return self.move("EXPIRED", command.order_id)
            return ("DONE", command.order_id, state)
        return self.delivery(command, state)

    def delivery(self, command: Deliver | RefuseDelivery, state: str) -> tuple[str, ...]:
        end, fate = ("DELIVERED", "DELIVERED") if isinstance(command, Deliver) else ("REFUNDED", "REFUNDED")
        if state == end:
            return ("DONE", command.order_id, state)
        if state != "PAID":
            return ("ORDER_STATE_WRONG",)
        for payment_id, (payment, became) in self.paid.items():
            if payment.order_id == command.order_id and became == "APPLIED":
                cause = "" if fate == "DELIVERED" else " DELIVERY_REFUSED"
                self.paid[payment_id] = (payment, fate + cause)
        return self.move(end, command.order_id)

    def move(self, what: str, order_id: str, tranche: int = 0) -> tuple[str, ...]:
        self.happened.setdefault(order_id, []).append((what, tranche))
        return ("DONE", order_id, what)

    def reserve(self, command: Reserve, now: Instant) -> tuple[str, ...]:
        for name, (order, _) in self.made.items():
            if (order.member_id, order.request_id) == (command.member_id, command.request_id):
                if (order.quantity, order.scene) == (command.quantity, command.scene):
                    return ("DONE", name, self.state(name))
                return ("IDEMPOTENCY_KEY_REUSED",)
        closed = self.shut(now)
        if closed:
            return (closed,)
        settings = self.activity.settings
        if settings.scenes and command.scene not in settings.scenes:
            return ("SCENE_NOT_ALLOWED",)
        if self.units(command.member_id) + command.quantity > settings.member_limit:
            return ("MEMBER_LIMIT_REACHED",)
        numbers = [number for number in self.numbers() if self.may(number, command.held_skus, now)]
        fitting = [number for number in numbers if self.fits(number, command.quantity)]
        if not fitting:
            return ("SOLD_OUT" if numbers else "NOT_ELIGIBLE",)
        number = command.claimed if command.claimed in fitting else fitting[0]
        self.made[command.order_id] = (command, now)
        return self.move("RESERVED", command.order_id, number)

    def shut(self, now: Instant) -> str:
        """Why nothing is sold; empty if it is."""
        if self.activity.state == "DRAFT":
            return "ACTIVITY_NOT_FOUND"
        if self.activity.state == "PUBLISHED" and now < self.activity.settings.opens:
            return "NOT_OPEN_YET"
        return "" if self.sells(now) else "ACTIVITY_CLOSED"

    def pay(self, command: Pay, now: Instant) -> tuple[str, ...]:
        if command.payment_id in self.paid:
            before, became = self.paid[command.payment_id]
            if (before.order_id, before.amount) != (command.order_id, command.amount):
                return ("PAYMENT_ID_REUSED",)
            return ("DONE", command.order_id, self.state(command.order_id), became)
        became = self.fate(command, now)
        self.paid[command.payment_id] = (command, became)
        return ("DONE", command.order_id, self.state(command.order_id), became)

    def fate(self, command: Pay, now: Instant) -> str:
        order, reserved = self.made[command.order_id]
        due = reserved + self.activity.settings.payment_seconds * SECOND
        when = now if command.paid is None else max(reserved, min(now, command.paid))
        late = when >= due
        if self.state(command.order_id) == "RESERVED" and late:
            self.move("EXPIRED", command.order_id)
        state = self.state(command.order_id)
        if state == "CANCELLED":
            return "REFUNDED ORDER_CANCELLED"
        if state in ("PAID", "DELIVERED"):
            return "REFUNDED ORDER_PAID_ALREADY"
        if state == "REFUNDED":
            return "REFUNDED DELIVERY_REFUSED"
        price = self.activity.settings.price
        if (command.amount.currency, command.amount.amount) != (
            price.currency,
            price.amount * order.quantity,
        ):
            return "REFUNDED AMOUNT_WRONG"
        if state == "EXPIRED":
            why = self.reserve_again(command.order_id, late, now)
            if why:
                return f"REFUNDED {why}"
        self.move("PAID", command.order_id)
        return "APPLIED"

    def reserve_again(self, order_id: str, late: bool, now: Instant) -> str:
        """Why it gets no units; empty if it got them."""
        order, own = self.made[order_id][0], self.tranche(order_id)
        if late and not self.sells(now):
            return "ACTIVITY_CLOSED"
        if self.units(order.member_id) + order.quantity > self.activity.settings.member_limit:
            return "MEMBER_LIMIT_REACHED"
        others = [number for number in self.numbers() if number != own and self.may(number, frozenset(), now)]
        for number in [own, *others]:
            if self.fits(number, order.quantity):
                self.move("RESERVED", order_id, number)
                return ""
        return "SOLD_OUT"

    def numbers(self) -> list[int]:
        return list(range(1, max(len(self.activity.settings.tranches), 1) + 1))

    def may(self, number: int, held: Set[str], now: Instant) -> bool:
        if not self.activity.settings.tranches:
            return True
        tranche = self.activity.settings.tranches[number - 1]
        if not tranche.sku_ids or set(tranche.sku_ids) & set(held):
            return True
        return tranche.release is not None and tranche.release <= now

    def fits(self, number: int, quantity: int) -> bool:
        settings = self.activity.settings
        stock = settings.tranches[number - 1].stock if settings.tranches else settings.stock
        return self.taken(number) + quantity <= stock
