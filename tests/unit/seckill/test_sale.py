"""The rules of a sale against a naive one that keeps a list of all that happened and counts nothing."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given

from domain.seckill.activity import Activity
from domain.seckill.commands import Command, Deliver, RefuseDelivery
from domain.seckill.done import Done
from domain.seckill.events import OrderPaid, RefundDue
from domain.seckill.orders import Order, OrderState
from domain.seckill.payments import PaymentFate
from domain.seckill.sale import Outcome
from domain.shared.errors import DomainError
from domain.shared.instants import Instant
from tests.unit.seckill.histories import CLOSES, OPENS, History, examples
from tests.unit.seckill.naive import NaiveSale
from tests.unit.seckill.shelf import Shelf

Example = tuple[Activity, History]


def told(outcome: Outcome) -> tuple[str, ...]:
    """An outcome as the naive sale words it."""
    if isinstance(outcome, DomainError):
        return (outcome.reason,)
    words = ("DONE", outcome.order.order_id, outcome.order.state.value)
    if outcome.payment is None:
        return words
    return (*words, fate_of(outcome))


def fate_of(done: Done) -> str:
    assert done.payment is not None
    cause = f" {done.payment.cause.value}" if done.payment.cause else ""
    return done.payment.fate.value + cause


def played(activity: Activity, history: History) -> Shelf:
    shelf = Shelf(activity)
    for group in history:
        shelf.commit([command for _, command in group], group[0][0])
    return shelf


def split(group: Sequence[tuple[Instant, Command]]) -> list[list[tuple[Instant, Command]]]:
    return [[one] for one in group]


@given(examples)
def test_every_outcome_is_the_naive_ones(example: Example) -> None:
    """SK-1, SK-3, SK-4, SK-6 as the naive sale has them; failure rows 2, 4, 5, 14."""
    activity, history = example
    shelf, naive = Shelf(activity), NaiveSale(activity)
    for group in history:
        now = group[0][0]
        outcomes = shelf.commit([command for _, command in group], now)
        for (_, command), outcome in zip(group, outcomes, strict=True):
            expected = naive.ask(command, now)
            # Answers of a delivery tell of the payment too; the naive sale tells of it when asked to pay.
            assert told(outcome)[: len(expected)] == expected
        for number in naive.numbers():
            assert shelf.taken.get(number, 0) == naive.taken(number)
        for name, (_, became) in naive.paid.items():
            payment = shelf.payments[name]
            assert became.split() == [payment.fate.value, *([payment.cause.value] if payment.cause else [])]


@given(examples)
def test_no_tranche_ever_has_more_taken_than_its_stock(example: Example) -> None:
    """SK-1: per tranche and in total, and what is counted is what the orders hold (I1, I8)."""
    activity, history = example
    shelf = Shelf(activity)
    for group in history:
        shelf.commit([command for _, command in group], group[0][0])
        held = Counter[int]()
        for order in shelf.orders.values():
            held[order.tranche] += order.quantity if order.holds else 0
        for tranche in activity.settings.parts:
            assert 0 <= held[tranche.number] <= tranche.stock
            assert shelf.taken.get(tranche.number, 0) == held[tranche.number]


@given(examples)
def test_no_member_ever_has_more_units_than_the_limit(example: Example) -> None:
    """SK-3: through cancelling, expiring, paying late and buying again."""
    activity, history = example
    shelf = Shelf(activity)
    for group in history:
        shelf.commit([command for _, command in group], group[0][0])
        held = Counter[str]()
        for order in shelf.orders.values():
            held[order.member_id] += order.quantity if order.holds else 0
        assert all(units <= activity.settings.member_limit for units in held.values())
        assert {one: units for one, units in shelf.units.items() if units} == +held


@given(examples)
def test_every_payment_ends_as_one_delivered_order_or_one_refund(example: Example) -> None:
    """SK-4: once every delivery has its answer."""
    activity, history = example
    shelf = played(activity, history)
    paid = [order for order in shelf.orders.values() if order.state is OrderState.PAID]
    for number, order in enumerate(paid):
        answer = Deliver(order.order_id) if number % 2 else RefuseDelivery(order.order_id, "no")
        shelf.commit([answer], CLOSES)
    refunds = Counter(one.event.payment_id for one in shelf.told if isinstance(one.event, RefundDue))
    delivered = Counter(
        order.payment_id for order in shelf.orders.values() if order.state is OrderState.DELIVERED
    )
    assert set(refunds) | set(delivered) == set(shelf.payments)
    for payment_id, payment in shelf.payments.items():
        assert refunds[payment_id] + delivered[payment_id] == 1
        assert (payment.fate is PaymentFate.DELIVERED) == (delivered[payment_id] == 1)


@given(examples)
def test_nothing_is_reserved_outside_of_the_window(example: Example) -> None:
    """SK-6, by the instant of the transaction, whatever the commands say."""
    activity, history = example
    orders = played(activity, history).orders.values()
    assert all(OPENS <= order.reserved < CLOSES for order in orders)
    assert not orders or activity.state == "PUBLISHED"


@given(examples)
def test_how_commands_are_grouped_decides_nothing(example: Example) -> None:
    """Failure row 14: the tail gets min(n, left) orders, whichever group it is in."""
    activity, history = example
    alone = played(activity, [one for group in history for one in split(group)])
    grouped = played(activity, history)
    assert grouped.orders == alone.orders
    assert grouped.payments == alone.payments
    assert grouped.told_again() == alone.told_again()


@given(examples)
def test_a_repeated_command_changes_nothing(example: Example) -> None:
    """I5, I8: at once or after all the rest, the same request id has the same answer."""
    activity, history = example
    shelf = Shelf(activity)
    answers: list[tuple[Command, Order]] = []
    for group in history:
        for now, command in group:
            [outcome] = shelf.commit([command], now)
            before = (dict(shelf.orders), dict(shelf.payments), dict(shelf.taken), len(shelf.told))
            [again] = shelf.commit([command], now)
            assert told(again)[:3] == told(outcome)[:3] or isinstance(outcome, DomainError)
            assert (shelf.orders, shelf.payments, shelf.taken, len(shelf.told)) == before
            if isinstance(outcome, Done):
                answers.append((command, outcome.order))
    for command, order in answers:
        [again] = shelf.commit([command], CLOSES)
        if isinstance(again, Done):
            assert facts(again.order) == facts(order)


def facts(order: Order) -> tuple[object, ...]:
    """What the answer to a ReserveUnit is made of."""
    return order.order_id, order.quantity, order.payable, order.reserved, order.expires


@given(examples)
def test_events_of_an_order_are_numbered_without_a_gap(example: Example) -> None:
    activity, history = example
    shelf = played(activity, history)
    for order in shelf.orders.values():
        numbers = [one.sequence for one in shelf.told if one.order.order_id == order.order_id]
        assert numbers == list(range(1, order.moves + 1))


@given(examples)
def test_whoever_delivers_hears_once_of_each_payment(example: Example) -> None:
    """I8: an order can be paid again only after it was refunded, which it never leaves."""
    activity, history = example
    shelf = played(activity, history)
    paid = Counter(one.event.order_id for one in shelf.told if isinstance(one.event, OrderPaid))
    assert all(count == 1 for count in paid.values())
