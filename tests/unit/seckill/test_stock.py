"""What is told of an activity's stock: whoever only listens knows whether anything is left."""

from hypothesis import given

from domain.seckill.activity import Activity, Tranche
from domain.seckill.commands import Cancel, Command, Reserve
from domain.seckill.events import ActivitySoldOut, StockEvent, StockReturned
from domain.seckill.stock import left_of, told_of_stock
from tests.unit.seckill.histories import OPENS, History, an_activity, examples
from tests.unit.seckill.shelf import Shelf


def wish(number: int, quantity: int = 1, claimed: int = 0) -> Reserve:
    return Reserve(f"order-{number}", f"m{number}", "r", quantity, "", claimed=claimed)


def told_in(shelf: Shelf, *commands: Command) -> list[StockEvent]:
    """By one group."""
    before = len(shelf.told_of_stock)
    shelf.commit(commands, OPENS)
    return shelf.told_of_stock[before:]


def test_the_last_unit_is_told_once_for_its_group_and_again_after_a_return() -> None:
    shelf = Shelf(an_activity(stock=3))
    assert told_in(shelf, wish(1)) == []
    assert told_in(shelf, wish(2), wish(3), wish(4)) == [ActivitySoldOut("gold_sale")]
    assert told_in(shelf, wish(5)) == []
    assert told_in(shelf, Cancel("order-1"), Cancel("order-2")) == [StockReturned("gold_sale", 2, 2)]
    assert told_in(shelf, Cancel("order-2")) == []
    assert told_in(shelf, wish(6), wish(7)) == [ActivitySoldOut("gold_sale")]


def test_a_unit_that_another_of_the_group_takes_at_once_never_came_back() -> None:
    shelf = Shelf(an_activity(stock=1))
    shelf.commit([wish(1)], OPENS)
    assert told_in(shelf, Cancel("order-1"), wish(2)) == []


def test_a_unit_of_one_tranche_comes_back_whatever_is_taken_of_another() -> None:
    shelf = Shelf(an_activity(tranches=(Tranche(1, 1), Tranche(2, 3))))
    shelf.commit([wish(1, claimed=1)], OPENS)
    assert told_in(shelf, wish(2, 2, claimed=2), Cancel("order-1")) == [StockReturned("gold_sale", 1, 2)]


def test_an_operators_stock_is_told_of_like_any_other() -> None:
    small, large = (left_of(an_activity(stock=stock), {1: 3}) for stock in (3, 5))
    assert told_of_stock("a", small, large) == (StockReturned("a", 2, 2),)
    assert told_of_stock("a", large, small) == (ActivitySoldOut("a"),)
    assert told_of_stock("a", large, large) == ()


@given(examples)
def test_whoever_only_listens_knows_at_any_moment_whether_anything_is_left(
    example: tuple[Activity, History],
) -> None:
    activity, history = example
    shelf = Shelf(activity)
    for group in history:
        before = len(shelf.told_of_stock)
        shelf.commit([command for _, command in group], group[0][0])
        assert len(shelf.told_of_stock) - before <= 1, "once a group"
        is_over = isinstance(shelf.told_of_stock[-1], ActivitySoldOut) if shelf.told_of_stock else False
        left = activity.settings.stock - sum(order.quantity for order in shelf.orders.values() if order.holds)
        assert is_over == (left == 0)
        if shelf.told_of_stock[before:] and not is_over:
            [returned] = shelf.told_of_stock[before:]
            assert isinstance(returned, StockReturned)
            assert 0 < returned.units <= returned.left == left
