"""One tick before, at and after: the window, the payment's time, the release."""

import pytest

from domain.seckill.activity import Tranche
from domain.seckill.commands import Cancel, Expire, Pay, Reserve
from domain.seckill.done import Done
from domain.seckill.events import OrderExpired, OrderPaid, PaymentLate, RefundDue, UnitReserved
from domain.seckill.payments import PaymentFate
from domain.seckill.sale import Outcome
from domain.shared.errors import DomainError
from domain.shared.instants import SECOND, Instant
from tests.unit.seckill.histories import CLOSES, OPENS, PAYMENT_SECONDS, PRICE, an_activity
from tests.unit.seckill.shelf import Shelf

DUE = OPENS + PAYMENT_SECONDS * SECOND
"""When an order of the opening instant is no longer to be paid."""


def word(outcome: Outcome) -> str:
    return outcome.reason if isinstance(outcome, DomainError) else outcome.order.state.value


def reservation(order_id: str = "one", member_id: str = "ann") -> Reserve:
    return Reserve(order_id, member_id, "r", 1, "")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (OPENS - 1, "NOT_OPEN_YET"),
        (OPENS, "RESERVED"),
        (CLOSES - 1, "RESERVED"),
        (CLOSES, "ACTIVITY_CLOSED"),
    ],
)
def test_the_window_is_half_open(now: Instant, expected: str) -> None:
    """SK-6."""
    [outcome] = Shelf(an_activity()).commit([reservation()], now)
    assert word(outcome) == expected


@pytest.mark.parametrize(("paid", "told"), [(DUE - 1, (OrderPaid,)), (DUE, "expires")])
def test_an_order_is_paid_until_its_time(paid: Instant, told: object) -> None:
    """At its time it has expired, whether or not the job was there: it is reserved again for the payment."""
    shelf = Shelf(an_activity())
    shelf.commit([reservation()], OPENS)
    [outcome] = shelf.commit([Pay("one", "p", PRICE, paid)], DUE)
    assert word(outcome) == "PAID"
    kinds = tuple(type(one.event) for one in shelf.told[1:])
    assert kinds == (told if told != "expires" else (OrderExpired, PaymentLate, UnitReserved, OrderPaid))


def test_a_payment_that_was_in_time_counts_after_the_sale() -> None:
    """It took long to reach us: the unit had gone back, and there is one."""
    shelf = Shelf(an_activity())
    shelf.commit([reservation()], CLOSES - 1)
    [in_time] = shelf.commit([Pay("one", "p", PRICE, CLOSES)], CLOSES + 60 * SECOND)
    assert word(in_time) == "PAID"


def test_a_late_payment_after_the_sale_goes_back() -> None:
    """SK-4, SK-6."""
    shelf = Shelf(an_activity())
    shelf.commit([reservation()], CLOSES - 1)
    [late] = shelf.commit([Pay("one", "p", PRICE, None)], CLOSES + 60 * SECOND)
    assert isinstance(late, Done)
    assert late.payment is not None
    assert (late.payment.fate, late.payment.cause) == (PaymentFate.REFUNDED, "ACTIVITY_CLOSED")
    assert word(late) == "EXPIRED"
    assert [type(one.event) for one in shelf.told[1:]] == [OrderExpired, PaymentLate, RefundDue]


def test_a_late_payment_takes_from_another_tranche_that_is_open_to_all() -> None:
    shelf = Shelf(an_activity(tranches=(Tranche(1, 1), Tranche(2, 1), Tranche(3, 1, ("gold",)))))
    shelf.commit([reservation()], OPENS)
    shelf.commit([Expire("one"), reservation("two", "bob")], DUE)
    [outcome] = shelf.commit([Pay("one", "p", PRICE, None)], DUE)
    assert word(outcome) == "PAID"
    assert (shelf.orders["two"].tranche, shelf.orders["one"].tranche) == (1, 2)


def test_an_order_past_its_time_is_not_cancelled() -> None:
    """Failure row 21: whoever comes first, expiry or cancel, the unit goes back once."""
    shelf = Shelf(an_activity())
    shelf.commit([reservation()], OPENS)
    [outcome] = shelf.commit([Cancel("one")], DUE)
    assert isinstance(outcome, DomainError)
    assert outcome.metadata["state"] == "EXPIRED"


@pytest.mark.parametrize(
    ("now", "expected"), [(OPENS + SECOND - 1, "NOT_ELIGIBLE"), (OPENS + SECOND, "RESERVED")]
)
def test_a_tranche_is_released_at_its_instant(now: Instant, expected: str) -> None:
    shelf = Shelf(an_activity(tranches=(Tranche(1, 1, ("gold",), OPENS + SECOND),)))
    [outcome] = shelf.commit([reservation()], now)
    assert word(outcome) == expected


def test_a_late_payment_meets_the_limit() -> None:
    """SK-3: who bought again meanwhile gets the money back."""
    shelf = Shelf(an_activity(member_limit=1))
    shelf.commit([reservation()], OPENS)
    shelf.commit([Expire("one"), Reserve("two", "ann", "again", 1, "")], DUE)
    [late] = shelf.commit([Pay("one", "p", PRICE, None)], DUE)
    assert isinstance(late, Done)
    assert late.payment is not None
    assert late.payment.cause == "MEMBER_LIMIT_REACHED"
