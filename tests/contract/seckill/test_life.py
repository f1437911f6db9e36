"""What happens to orders after the sale, all at once: payments, cancellations, expiry (SK-3, SK-4, I8)."""

import asyncio
from collections import Counter
from uuid import uuid4

from domain.seckill.activity import Activity
from domain.seckill.commands import Cancel, Command, Expire
from domain.seckill.orders import Order, OrderState
from domain.seckill.payments import PaymentFate
from domain.shared.errors import DomainError
from domain.shared.instants import SECOND
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.jobs import Expiry
from servers.store.store import Store
from tests.contract.seckill.activities import PAYMENT_SECONDS, a_payment, a_reserve, opened, work_of
from tests.contract.seckill.books import Books, books_of, violations
from tests.contract.seckill.conftest import OpenStore
from tests.fakes import FakeClock

TIMEOUT = PAYMENT_SECONDS * SECOND


async def ordered(commits: Commits, activity: Activity, *members: str) -> list[Order]:
    works = [work_of(activity, a_reserve(member)) for member in members]
    decided = await asyncio.gather(*map(commits, works))
    return [one.done.order for one in decided if one.done]


async def together(commits: Commits, activity: Activity, *commands: Command) -> list[object]:
    works = [work_of(activity, command) for command in commands]
    return await asyncio.gather(*map(commits, works), return_exceptions=True)


def sound(url: str, activity: Activity) -> Books:
    books = books_of(url, activity.activity_id)
    assert list(violations(books)) == []
    return books


def members(count: int, prefix: str = "m") -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


async def test_payment_and_expiry_at_the_same_instant_a_thousand_times(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """SK-4, row 21: by two processes at once, each order ends once and each payment has one fate."""
    payers, expirers = (Commits(open_store(), clock, None, None) for _ in range(2))
    activity = await opened(open_store(), 1_000)
    orders = await ordered(payers, activity, *members(1_000))
    clock.advance(TIMEOUT)
    await asyncio.gather(
        together(payers, activity, *(a_payment(order.order_id) for order in orders)),
        together(expirers, activity, *(Expire(order.order_id) for order in orders)),
    )
    books = sound(seckill_url, activity)
    assert books.states == {"PAID": 1_000}, "each was paid late, and its unit was still there"
    assert Counter(row["fate"] for row in books.payments) == {"APPLIED": 1_000}


async def test_cancellation_expiry_and_payment_of_the_same_orders_end_each_once(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """I1, I8, CP9, row 21: 1,000 times. Whoever comes first, the units go back once."""
    processes = [Commits(open_store(), clock, None, None) for _ in range(3)]
    activity = await opened(open_store(), 1_000)
    orders = await ordered(processes[0], activity, *members(1_000))
    clock.advance(TIMEOUT - 1)
    await asyncio.gather(
        together(processes[0], activity, *(Cancel(order.order_id) for order in orders)),
        together(processes[1], activity, *(a_payment(order.order_id) for order in reversed(orders))),
        _expire_at_once(processes[2], activity, orders, clock),
    )
    books = sound(seckill_url, activity)
    assert sum(books.states.values()) == 1_000
    assert books.activity["taken"] == books.states["PAID"]
    ended = books.told("OrderExpired") + books.told("OrderCancelled")
    again = books.told("UnitReserved") - 1_000
    assert ended == 1_000 - books.states["PAID"] + again
    assert books.told("PaymentLate") == again


async def _expire_at_once(
    commits: Commits, activity: Activity, orders: list[Order], clock: FakeClock
) -> None:
    await asyncio.sleep(0.01)
    clock.advance(1)
    await together(commits, activity, *(Expire(order.order_id) for order in orders))


async def test_units_that_expired_are_sold_again_to_the_last(
    seckill_store: Store, seckill_url: str, commits: Commits, clock: FakeClock
) -> None:
    """SK-2: sell out, let 10 lapse, sell those 10."""
    activity = await opened(seckill_store, 20)
    orders = await ordered(commits, activity, *members(20))
    await together(commits, activity, *(a_payment(order.order_id) for order in orders[10:]))
    clock.advance(TIMEOUT)
    expiry = Expiry(seckill_store, commits, clock)
    await asyncio.gather(expiry.catch_up(clock.now()), expiry.catch_up(clock.now()))
    assert sound(seckill_url, activity).states == {"PAID": 10, "EXPIRED": 10}
    outcomes = await together(commits, activity, *(a_reserve(member) for member in members(15, "late")))
    assert sum(isinstance(outcome, DomainError) for outcome in outcomes) == 5
    assert sound(seckill_url, activity).held == 20


async def test_one_payment_told_a_hundred_times_pays_once(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """SK-4, row 11: by two processes, in and out of groups."""
    processes = [Commits(open_store(), clock, None, None) for _ in range(2)]
    activity = await opened(open_store(), 1)
    [order] = await ordered(processes[0], activity, "ann")
    again = [a_payment(order.order_id) for _ in range(50)]
    await asyncio.gather(*(together(process, activity, *again) for process in processes))
    books = sound(seckill_url, activity)
    assert (len(books.payments), books.told("OrderPaid")) == (1, 1)


async def test_two_payments_of_one_order_are_one_order_and_one_refund(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    processes = [Commits(open_store(), clock, None, None) for _ in range(2)]
    activity = await opened(open_store(), 1)
    [order] = await ordered(processes[0], activity, "ann")
    payments = [a_payment(order.order_id, f"pay-{number}") for number in range(2)]
    await asyncio.gather(
        *(together(process, activity, one) for process, one in zip(processes, payments, strict=True))
    )
    books = sound(seckill_url, activity)
    assert Counter(row["fate"] for row in books.payments) == {"APPLIED": 1, "REFUNDED": 1}


async def test_a_late_payment_whose_unit_is_gone_goes_back_once(
    seckill_store: Store, seckill_url: str, commits: Commits, clock: FakeClock
) -> None:
    """SK-4: and told again it is the same."""
    activity = await opened(seckill_store, 1)
    [order] = await ordered(commits, activity, "ann")
    clock.advance(TIMEOUT)
    await Expiry(seckill_store, commits, clock).catch_up(clock.now())
    await ordered(commits, activity, "bob")
    fates = []
    for _ in range(3):
        decided = await commits(work_of(activity, a_payment(order.order_id)))
        assert decided.done is not None
        assert decided.done.payment is not None
        fates.append((decided.done.payment.fate, decided.done.order.state))
    assert fates == [(PaymentFate.REFUNDED, OrderState.EXPIRED)] * 3
    assert sound(seckill_url, activity).told("RefundDue") == 1


async def test_a_payment_of_one_id_for_two_activities_at_once_pays_one(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """SK-4: a payment id has one fate, whatever it is told for; the activities share no lock."""
    processes = [Commits(open_store(), clock, None, None) for _ in range(2)]
    activities = [await opened(open_store(), 1) for _ in range(2)]
    told = []
    for process, activity in zip(processes, activities, strict=True):
        [order] = await ordered(process, activity, "ann")
        told.append(together(process, activity, a_payment(order.order_id, "the same")))
    [first], [second] = await asyncio.gather(*told)
    refused = [one for one in (first, second) if isinstance(one, DomainError)]
    assert [one.reason for one in refused] == ["PAYMENT_ID_REUSED"]
    paid = [books_of(seckill_url, activity.activity_id).states["PAID"] for activity in activities]
    assert sorted(paid) == [0, 1]


async def test_one_member_calling_a_thousand_times_takes_no_unit_of_others(
    seckill_store: Store, seckill_url: str, commits: Commits
) -> None:
    """SK-3, I3; row 4: 1,000 requests of one, then 999 others, who all buy."""
    activity = await opened(seckill_store, 1_000)
    greedy = [a_reserve("greedy", f"r-{number}") for number in range(1_000)]
    others = [a_reserve(member) for member in members(999)]
    outcomes = await together(commits, activity, *greedy, *others)
    assert sum(isinstance(outcome, DomainError) for outcome in outcomes) == 999
    books = sound(seckill_url, activity)
    assert books.held == 1_000
    assert {row["units"] for row in books.members} == {1}


async def test_one_request_repeated_at_once_by_all_processes_is_one_order(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """I5, row 20: the same answer to each."""
    processes = [Commits(open_store(), clock, None, None) for _ in range(3)]
    activity = await opened(open_store(), 10, member_limit=5)
    asked = [process(work_of(activity, a_reserve("ann", "one"))) for process in processes for _ in range(30)]
    orders = {decided.done.order for decided in await asyncio.gather(*asked) if decided.done}
    assert len(orders) == 1
    assert sound(seckill_url, activity).held == 1


async def test_one_members_requests_at_several_processes_never_pass_the_limit(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """SK-3, I3, row 22: what one group read of a member is still so when it writes."""
    processes = [Commits(open_store(), clock, None, None) for _ in range(4)]
    activity = await opened(open_store(), 500, member_limit=6)
    for _ in range(5):
        # One unit each first, so that every group finds a row to change.
        names = [f"{uuid4().hex[:8]}-{number}" for number in range(10)]
        await ordered(processes[0], activity, *names)
        for number in range(4):
            reserves = [
                a_reserve(name, f"r-{name}-{number}-{process}") for process in range(4) for name in names
            ]
            await asyncio.gather(
                *(together(each, activity, *reserves[place::4]) for place, each in enumerate(processes))
            )
    books = sound(seckill_url, activity)
    assert {row["units"] for row in books.members} == {6}
