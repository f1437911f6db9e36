"""With demand for all of it, exactly the stock is sold, whatever is cancelled, unpaid or refused."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.seckill.activity import Tranche
from domain.seckill.commands import Cancel, Command, Deliver, Expire, Pay, RefuseDelivery, Reserve
from domain.seckill.done import Done
from domain.seckill.orders import OrderState
from domain.shared.errors import DomainError
from domain.shared.instants import SECOND
from tests.unit.seckill.histories import CLOSES, OPENS, PAYMENT_SECONDS, PRICE, an_activity
from tests.unit.seckill.shelf import Shelf


class Crowd:
    """Members who keep trying until they have a unit, and then pay, cancel or forget it."""

    def __init__(self, shelf: Shelf, members: int, random: Random) -> None:
        self.shelf = shelf
        self.random = random
        self.now = OPENS
        self.waiting = [f"member-{number}" for number in range(members)]
        self.tries = 0

    def round(self) -> None:
        """One group of everybody's next tries, in any order; then some of the orders end."""
        self.random.shuffle(self.waiting)
        tries = [self.reservation(member_id) for member_id in self.waiting]
        for outcome in self.shelf.commit(tries, self.now):
            if isinstance(outcome, Done):
                self.waiting.remove(outcome.order.member_id)
        self.now += self.random.choice([1, SECOND, PAYMENT_SECONDS * SECOND])
        orders = list(self.shelf.orders.values())
        endings = [self.ending(order.order_id) for order in orders if order.state is OrderState.RESERVED]
        paid = [order.order_id for order in orders if order.state is OrderState.PAID]
        answers = [self.answer(order_id) for order_id in paid]
        for outcome in self.shelf.commit([*endings, *answers], self.now):
            if isinstance(outcome, Done) and not outcome.order.holds:
                self.waiting.append(outcome.order.member_id)

    def reservation(self, member_id: str) -> Reserve:
        self.tries += 1
        return Reserve(f"order-{self.tries}", member_id, f"try-{self.tries}", 1, "", frozenset({"gold"}))

    def ending(self, order_id: str) -> Command:
        pay = Pay(order_id, f"payment-of-{order_id}", PRICE, None)
        ways: list[Command] = [pay, pay, Cancel(order_id), Expire(order_id)]
        return self.random.choice(ways)

    def answer(self, order_id: str) -> Command:
        ways: list[Command] = [Deliver(order_id), RefuseDelivery(order_id, "no")]
        return self.random.choice(ways)


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(0, 3))
def test_exactly_the_stock_is_sold(seed: int, stock: int, more: int) -> None:
    """SK-2: at the end as many are held as there are, and no member who is left out could have had one."""
    tranches = (Tranche(1, stock, ("gold",)), Tranche(2, 2, ("green",), release=OPENS + SECOND))
    shelf = Shelf(an_activity(tranches=tranches, member_limit=1))
    crowd = Crowd(shelf, stock + 2 + more, Random(seed))
    for _ in range(12):
        crowd.round()
        if crowd.now + PAYMENT_SECONDS * SECOND >= CLOSES:
            break
    # The last round: whoever waits tries once more, and nobody gives anything back.
    crowd.now = CLOSES - 1
    shelf.commit([crowd.reservation(member_id) for member_id in crowd.waiting], crowd.now)
    assert sum(order.quantity for order in shelf.orders.values() if order.holds) == stock + 2


@given(st.integers(1, 40), st.integers(1, 3), st.integers(1, 40))
def test_the_tail_gets_what_is_left(stock: int, quantity: int, demand: int) -> None:
    """Failure row 14: of one group larger than the stock, the first are served and the others told."""
    shelf = Shelf(an_activity(stock=stock, member_limit=3))
    wanted = [Reserve(f"order-{number}", f"member-{number}", "r", quantity, "") for number in range(demand)]
    outcomes = shelf.commit(wanted, OPENS)
    served = min(demand, stock // quantity)
    assert [isinstance(outcome, Done) for outcome in outcomes] == [True] * served + [False] * (
        demand - served
    )
    refusals = {outcome.reason for outcome in outcomes if isinstance(outcome, DomainError)}
    assert refusals <= {"SOLD_OUT"}


def test_a_unit_that_was_not_paid_for_is_sold_again_once() -> None:
    """I8, failure row 21: expiry and cancel in one group return one unit, not two."""
    shelf = Shelf(an_activity(stock=1))
    shelf.commit([Reserve("one", "ann", "r", 1, "")], OPENS)
    late = OPENS + PAYMENT_SECONDS * SECOND
    shelf.commit([Expire("one"), Cancel("one"), Expire("one")], late)
    outcomes = shelf.commit([Reserve("two", "bob", "r", 1, ""), Reserve("three", "cat", "r", 1, "")], late)
    assert [isinstance(outcome, Done) for outcome in outcomes] == [True, False]


def test_a_unit_moves_to_no_other_tranche() -> None:
    """A release widens who may take; what is left for the holders of a card is theirs until then."""
    release = OPENS + 20 * SECOND
    shelf = Shelf(an_activity(tranches=(Tranche(1, 1, ("gold",), release), Tranche(2, 1))))
    tries = [Reserve(f"order-{number}", f"member-{number}", "r", 1, "") for number in range(3)]
    first, second, _ = shelf.commit(tries, OPENS)
    assert isinstance(first, Done)
    assert first.order.tranche == 2
    assert isinstance(second, DomainError)
    assert second.reason == "SOLD_OUT"
    [released] = shelf.commit([tries[1]], release)
    assert isinstance(released, Done)
    assert released.order.tranche == 1
