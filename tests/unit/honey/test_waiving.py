"""WAIVE: what an undone earning has not any more is given up, within a budget; every figure says so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.accounts import Account
from domain.honey.commands.earn import EarnPoints, ReversePoints, earn_points, reverse_points
from domain.honey.commands.events import record_event
from domain.honey.commands.operate import AdjustPoints, CatchUp, adjust_points, catch_up
from domain.honey.commands.refunds import RefundOrderItems, refund_order_items
from domain.honey.commands.spend import (
    HoldPoints,
    ReleaseHold,
    SpendPoints,
    hold_points,
    release_hold,
    spend_points,
)
from domain.honey.event_records import EventKey
from domain.honey.order_refunds import Refund
from domain.honey.programme import HeldExpiry, Programme, Shortfall, WaiveBudget
from domain.honey.rules import NONE
from domain.honey.rules_check import violations
from domain.honey.wallets import MEMBER, MERCHANT, Owner, wallet_id_of
from domain.honey.windows import Window
from domain.shared.instants import DAY, HOUR
from tests.unit.honey.earnings import START, a_rule, an_order, the_rules
from tests.unit.honey.histories import WALLET
from tests.unit.honey.ports import Ledger
from tests.unit.honey.test_recording import recording, wallet_of

SHOP = wallet_id_of("honey", Owner(MERCHANT, "shop"))
OTHER = wallet_id_of("honey", Owner(MEMBER, "m2"))
THIRD = wallet_id_of("honey", Owner(MEMBER, "m3"))


def a_ledger(points: int, window: Window = Window.DAY, held_expiry: HeldExpiry = HeldExpiry.HONOUR) -> Ledger:
    """A programme that waives so much."""
    return Ledger(
        Programme("honey", "UTC", held_expiry, Shortfall.WAIVE, waive_budget=WaiveBudget(points, window))
    )


def undone_after_spending(ledger: Ledger, spent: int, now: int = 0, wallet_id: str = WALLET) -> int:
    """An earning of 10 that is undone after so much of it was spent; what of it is waived."""
    name = f"{wallet_id} {now}"
    ledger.run(earn_points, EarnPoints(wallet_id, name, 10), now)
    ledger.run(spend_points, SpendPoints(wallet_id, f"{name} spent", spent), now)
    return ledger.run(reverse_points, ReversePoints(wallet_id, f"{name} undone", name), now).waived


def figures(ledger: Ledger, wallet_id: str = WALLET) -> tuple[int, ...]:
    """Active, spent, taken back, waived, owed."""
    standing = ledger.wallets.get(wallet_id)
    accounts = (Account.ACTIVE, Account.SPENT, Account.REVERSED, Account.WAIVED, Account.DEBT)
    return tuple(standing.balance(account) for account in accounts)


def test_what_is_there_is_taken_and_what_was_spent_is_waived() -> None:
    ledger = a_ledger(100)
    assert undone_after_spending(ledger, 8) == 8
    assert figures(ledger) == (0, 8, 2, 8, 0)
    [lot] = ledger.lots.of(WALLET)
    assert (lot.reversed, lot.waived, lot.stands) == (2, 8, 0)


def test_beyond_the_budget_of_all_members_together_it_is_owed() -> None:
    ledger = a_ledger(10)
    assert undone_after_spending(ledger, 8) == 8
    assert undone_after_spending(ledger, 8, wallet_id=OTHER) == 2
    assert figures(ledger, OTHER) == (0, 8, 8, 2, -6)
    assert undone_after_spending(ledger, 3, DAY - 1, THIRD) == 0
    assert undone_after_spending(ledger, 3, DAY) == 3


def test_a_budget_that_was_lowered_below_what_was_waived_waives_nothing() -> None:
    ledger, lower = a_ledger(10), a_ledger(5)
    undone_after_spending(ledger, 8)
    lower.counters.rows = ledger.counters.rows
    assert undone_after_spending(lower, 1) == 0


def test_what_is_held_while_its_earning_is_undone_is_not_kept() -> None:
    """HO-8: it is waived as long as it may be spent, and taken back when the hold is let go."""
    ledger = a_ledger(100)
    ledger.run(earn_points, EarnPoints(WALLET, "e", 10), 0)
    ledger.run(hold_points, HoldPoints(WALLET, "h", 7), 0)
    ledger.run(reverse_points, ReversePoints(WALLET, "u", "e"), 0)
    assert figures(ledger) == (0, 0, 3, 7, 0)
    ledger.run(release_hold, ReleaseHold(WALLET, "r", "h"), 0)
    assert figures(ledger) == (0, 0, 10, 0, 0)


def test_what_is_held_and_expires_was_not_waived_but_taken_back() -> None:
    ledger = a_ledger(100, held_expiry=HeldExpiry.STRICT)
    ledger.run(earn_points, EarnPoints(WALLET, "e", 10, expires=HOUR), 0)
    ledger.run(hold_points, HoldPoints(WALLET, "h", 7), 0)
    ledger.run(reverse_points, ReversePoints(WALLET, "u", "e", 8), 0)
    assert figures(ledger) == (0, 0, 3, 5, 0)
    assert ledger.run(catch_up, CatchUp(WALLET), HOUR).balance(Account.EXPIRED) == 2
    assert figures(ledger) == (0, 0, 8, 0, 0)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.data())
def test_it_does_not_matter_what_is_undone_first(spends: list[int], data: st.DataObject) -> None:
    """HO-8: parts of the earning and of its spends, in two orders."""
    backs = [data.draw(st.integers(0, spent)) for spent in spends]
    parts = data.draw(st.lists(st.integers(1, 6), max_size=4).filter(lambda parts: sum(parts) <= 20))
    undone = [("e", part) for part in parts]
    undone += [(f"s{place}", back) for place, back in enumerate(backs) if back]
    ends = set()
    for order in (undone, data.draw(st.permutations(undone))):
        ledger = a_ledger(100)
        ledger.run(earn_points, EarnPoints(WALLET, "e", 20), 0)
        for place, spent in enumerate(spends):
            ledger.run(spend_points, SpendPoints(WALLET, f"s{place}", spent), 0)
        for number, (which, points) in enumerate(order):
            ledger.run(reverse_points, ReversePoints(WALLET, f"u{number}", which, points), 0)
        ends.add(figures(ledger))
    [(active, spent, taken, waived, owed)] = ends
    assert (active + spent + taken, taken + waived, owed) == (20, sum(parts), 0)


def test_a_merchant_gets_its_credit_back_whatever_is_waived() -> None:
    ledger = a_ledger(100)
    ledger.run(adjust_points, AdjustPoints(SHOP, "credit", 50), 0)
    ledger.run(earn_points, EarnPoints(WALLET, "e", 10, merchant_id="shop"), 0)
    ledger.run(spend_points, SpendPoints(WALLET, "s", 8), 0)
    ledger.run(reverse_points, ReversePoints(WALLET, "u", "e"), 0)
    assert ledger.wallets.get(SHOP).balance(Account.CREDIT) == 50


def test_refunds_of_an_order_say_what_of_them_is_waived() -> None:
    ledger, event = Ledger(replace(a_ledger(4).programme, scenes=the_rules(a_rule()).scenes)), an_order(1_000)
    ledger.run(record_event, recording(event), START)
    ledger.run(spend_points, SpendPoints(wallet_of(event.member_id), "s", 7), START)
    said = []
    for number in range(4):
        refund = RefundOrderItems(EventKey("honey", event.event_id), f"r{number}", [Refund("a", 250)])
        settled = ledger.run(refund_order_items, refund, START).settled
        assert settled
        said.append((settled.taken_back, settled.waived))
    assert sum(waived for _, waived in said) == 4
    assert sum(taken for taken, _ in said) == 10
    assert figures(ledger, wallet_of(event.member_id)) == (0, 7, 6, 4, -3)


@pytest.mark.parametrize(
    ("budget", "field", "reason"),
    [
        (None, "waive_budget", "REQUIRED"),
        (WaiveBudget(0, Window.DAY), "waive_budget.points", "OUT_OF_BOUNDS"),
        (WaiveBudget(2**53, Window.DAY), "waive_budget.points", "OUT_OF_BOUNDS"),
        (WaiveBudget(1, Window.EVENT), "waive_budget.window", "NOT_SHARED"),
    ],
)
def test_whoever_waives_has_a_budget(budget: WaiveBudget | None, field: str, reason: str) -> None:
    programme = Programme("honey", shortfall=Shortfall.WAIVE, waive_budget=budget)
    [found] = violations(NONE, [programme])
    assert (found.field, found.reason) == (f"rules.programmes[0].{field}", reason)
