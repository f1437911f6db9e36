"""HO-8: what is earned and spent of an order depends on what was refunded of it, not on the steps."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.earning_awards import FixedPoints, ProportionalPoints
from domain.honey.earning_caps import Cap, Over
from domain.honey.earning_conditions import PaidBetween
from domain.honey.earning_events import Item
from domain.honey.earning_rules import EarningRules
from domain.honey.evaluation import evaluate
from domain.honey.order_refunds import Order, Refund, refunded, settlement
from domain.honey.verdicts import Basis
from domain.honey.windows import Window
from domain.shared.errors import Invalid, Refused
from tests.unit.honey.earnings import (
    START,
    Books,
    Step,
    a_rule,
    an_order,
    histories,
    programmes,
    the_rules,
)

PER_100 = ProportionalPoints(1, 100, "CNY")
ONE = Fraction(1)

ITEMS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30)), min_size=1, max_size=4).map(
    lambda rows: tuple(Item(f"i{place}", *row) for place, row in enumerate(rows))
)
BASES = st.builds(
    Basis,
    st.one_of(
        st.builds(
            a_rule, st.builds(ProportionalPoints, st.integers(1, 9), st.integers(1, 99), st.just("CNY"))
        ),
        st.builds(a_rule, st.builds(FixedPoints, st.integers(1, 50)), conditions=st.just(())),
        st.builds(
            a_rule,
            st.just(PER_100),
            conditions=st.builds(PaidBetween, st.just("CNY"), st.integers(0, 300)).map(lambda each: (each,)),
        ),
    ),
    st.sampled_from([ONE, Fraction(3, 2), Fraction(133, 100)]),
    st.none() | st.integers(1, 60),
)


@dataclass
class Posted:
    """What a ledger has of an order, as refunds are settled one after the other."""

    order: Order
    basis: Basis
    earned: int
    spent: int

    def settle(self, *refunds: Refund) -> None:
        self.order = refunded(self.order, refunds)
        due = settlement(self.order, [self.basis], {"base": self.earned}, self.spent)
        taken = due.take_back.get("base", 0)
        assert taken >= 0
        assert due.give_back >= 0
        self.earned -= taken
        self.spent -= due.give_back


def posted(items: tuple[Item, ...], basis: Basis) -> Posted:
    order = Order(items)
    return Posted(order, basis, order.earned(basis), order.spent)


@st.composite
def refund_plans(draw: st.DrawFn) -> tuple[tuple[Item, ...], list[Refund], list[Refund]]:
    """Items, refunds of some of them, and the same refunds split into smaller ones, in another order."""
    items = draw(ITEMS)
    whole, split = list[Refund](), list[Refund]()
    for item in draw(st.lists(st.sampled_from(items), unique=True)):
        amount = draw(st.integers(min(item.paid, 1), item.paid) | st.just(item.paid))
        whole.append(Refund(item.item_id, amount))
        cuts = draw(st.sets(st.integers(1, amount - 1), max_size=5)) if amount > 1 else set()
        edges = [0, *sorted(cuts), amount]
        split += [Refund(item.item_id, end - start) for start, end in pairwise(edges)]
    return items, whole, draw(st.permutations(split))


@given(refund_plans(), BASES)
def test_neither_the_order_of_refunds_nor_their_splitting_matters(
    plan: tuple[tuple[Item, ...], list[Refund], list[Refund]], basis: Basis
) -> None:
    """HO-8."""
    items, whole, split = plan
    at_once, one_by_one = posted(items, basis), posted(items, basis)
    at_once.settle(*whole)
    for refund in split:
        one_by_one.settle(refund)
    assert one_by_one == at_once


@given(refund_plans(), BASES)
def test_what_stays_is_what_counting_one_by_one_finds(
    plan: tuple[tuple[Item, ...], list[Refund], list[Refund]], basis: Basis
) -> None:
    """HO-8: earned is the rule of what stays paid; spent is of each item the share that stays."""
    items, whole, split = plan
    one_by_one = posted(items, basis)
    for refund in split:
        one_by_one.settle(refund)
    back = {refund.item_id: refund.amount for refund in whole}
    assert one_by_one.spent == sum(_naive_spent(item, back.get(item.item_id)) for item in items)
    paid = sum(item.paid - back.get(item.item_id, 0) for item in items)
    gone = back and paid == one_by_one.spent == 0
    assert one_by_one.earned == (0 if gone else _naive_earned(basis, paid))


def _naive_spent(item: Item, back: int | None) -> int:
    if back == item.paid:
        return 0
    # The n-th point comes back as soon as the refund is n of as many parts of the price as there are points.
    return sum(1 for nth in range(1, item.spent + 1) if back is None or back * item.spent < nth * item.paid)


def _naive_earned(basis: Basis, paid: int) -> int:
    award, points = basis.rule.award, 0
    least = [each.least for each in basis.rule.conditions if isinstance(each, PaidBetween)]
    if least and paid < least[0]:
        return 0
    worth, price = (
        (award.points, 1) if isinstance(award, FixedPoints) else (award.points * paid, award.per_minor)
    )
    over, under = basis.factor.numerator, basis.factor.denominator
    while (points + 1) * price * under <= worth * over and points != basis.room:
        points += 1
    return points


@given(refund_plans(), BASES)
def test_what_stays_is_split_among_what_stays(
    plan: tuple[tuple[Item, ...], list[Refund], list[Refund]], basis: Basis
) -> None:
    items, whole, _ = plan
    order = refunded(Order(items), whole)
    by_item = order.earned_by_item(basis)
    assert sum(by_item) == order.earned(basis)
    for item, share in zip(items, by_item, strict=True):
        assert share == 0 or not order.is_returned(item)


def test_many_small_refunds_take_all() -> None:
    """HO-8: rounding each down by itself would never take a point."""
    ledger = posted((Item("a", 1000, 10),), Basis(a_rule(PER_100), ONE, None))
    for _ in range(1000):
        ledger.settle(Refund("a", 1))
    assert (ledger.earned, ledger.spent) == (0, 0)


def test_a_fixed_award_stays_as_long_as_anything_does() -> None:
    ledger = posted((Item("a", 100), Item("b", 0, 5)), Basis(a_rule(FixedPoints(50)), ONE, None))
    ledger.settle(Refund("a", 100))
    assert (ledger.earned, ledger.spent) == (50, 5)
    ledger.settle(Refund("b", 0))
    assert (ledger.earned, ledger.spent) == (0, 0)


def test_a_gift_that_is_kept_keeps_no_points() -> None:
    ledger = posted((Item("a", 100), Item("gift", 0)), Basis(a_rule(FixedPoints(50)), ONE, None))
    ledger.settle(Refund("a", 99))
    assert ledger.earned == 50
    ledger.settle(Refund("a", 1))
    assert ledger.earned == 0


def test_an_order_for_which_nothing_was_paid_keeps_its_points_as_long_as_nothing_comes_back() -> None:
    basis = Basis(a_rule(FixedPoints(50)), ONE, None)
    assert Order((Item("gift", 0),)).earned(basis) == 50
    assert Order((Item("gift", 0),), {"gift": 0}).earned(basis) == 0


def test_an_order_that_falls_below_what_a_rule_asks_for_loses_what_it_gave() -> None:
    rule = a_rule(PER_100, conditions=(PaidBetween("CNY", 500),))
    ledger = posted((Item("a", 600),), Basis(rule, ONE, None))
    ledger.settle(Refund("a", 100))
    assert ledger.earned == 5
    ledger.settle(Refund("a", 1))
    assert ledger.earned == 0


def test_what_a_cap_cut_off_is_refunded_first() -> None:
    """1,500 fen would have earned 15 of 10: as long as 1,000 stay paid, nothing is taken back."""
    books = Books(the_rules(a_rule(caps=(Cap(10, Window.MONTH),))))
    (earning,) = books.record(an_order(1500)).earnings
    ledger = Posted(Order((Item("a", 1500),)), earning.basis, earning.points, 0)
    ledger.settle(Refund("a", 500))
    assert ledger.earned == 10
    ledger.settle(Refund("a", 1))
    assert ledger.earned == 9


def test_a_cap_that_rejects_does_not_limit_what_stays() -> None:
    books = Books(the_rules(a_rule(caps=(Cap(15, Window.MONTH, over=Over.REJECT),))))
    (earning,) = books.record(an_order(1500)).earnings
    assert Order((Item("a", 1500),), {"a": 100}).earned(earning.basis) == 14


def test_what_was_undone_for_another_reason_is_not_undone_twice() -> None:
    """HO-8: an operator took back 6 of 10, and gave back 5 of 5; then a half is refunded."""
    basis, order = Basis(a_rule(PER_100), ONE, None), Order((Item("a", 1000, 5),), {"a": 500})
    due = settlement(order, [basis], {"base": 4}, 0)
    assert (due.take_back, due.give_back) == ({}, 0)


@given(st.permutations([3, 4, 5]))
def test_counters_do_not_depend_on_the_order_of_refunds(amounts: list[int]) -> None:
    """HO-8, HO-10."""
    event = an_order(1200)
    books = Books(the_rules(a_rule(caps=(Cap(100, Window.MONTH),))))
    (earning,) = books.record(event).earnings
    ledger = Posted(Order(event.items), earning.basis, earning.points, 0)
    for amount in amounts:
        before = ledger.earned
        ledger.settle(Refund("a", amount * 50))
        books.take_back(event, "base", before - ledger.earned, START)
    assert list(books.counted.values()) == [ledger.earned] == [6]


@pytest.mark.parametrize(
    "refunds",
    [
        [Refund("a", 101)],
        [Refund("a", 60), Refund("a", 41)],
        [Refund("a", 100), Refund("a", 1)],
        [Refund("free", 0), Refund("free", 0)],
    ],
)
def test_more_than_was_ordered_is_refused_whole(refunds: list[Refund]) -> None:
    order = Order((Item("a", 100), Item("free", 0, 3)))
    with pytest.raises(Refused) as refusal:
        refunded(order, refunds)
    assert refusal.value.reason == "MORE_THAN_ORDERED"
    assert order.refunded == {}
    but_the_last = refunded(order, refunds[:-1])
    with pytest.raises(Refused):
        refunded(but_the_last, refunds[-1:])


def test_what_is_no_amount_is_told_with_its_place() -> None:
    order = Order((Item("a", 100), Item("free", 0, 3)))
    refunds = [Refund("a", 0), Refund("free", 1), Refund("a", -5), Refund("b", 1), Refund("a", 10**12 + 1)]
    with pytest.raises(Invalid) as invalid:
        refunded(order, refunds)
    assert [each.field for each in invalid.value.violations] == [
        "refunds[0].amount_minor",
        "refunds[2].amount_minor",
        "refunds[3].item_id",
        "refunds[4].amount_minor",
    ]


@given(programmes(), histories(), st.data())
def test_what_stays_is_what_the_rule_would_have_given_for_it(
    rules: EarningRules, history: list[Step], data: st.DataObject
) -> None:
    """HO-8: as if only what stays had been paid, with what was known when the event came."""
    books = Books(rules)
    for step in history:
        standing = books.standing(step.event, step.held)
        evaluation = evaluate(rules, step.event, standing, step.now)
        books.post(step.event, evaluation)
        order = Order(step.event.items)
        for item in order.items:
            if item.paid:
                order = refunded(order, [Refund(item.item_id, data.draw(st.integers(1, item.paid)))])
        stays = tuple(replace(item, paid=order.left(item)) for item in order.items)
        if not order.paid:
            continue
        for earning in evaluation.earnings:
            alone = the_rules(earning.basis.rule)
            would = evaluate(alone, replace(step.event, items=stays), standing, step.now)
            assert order.earned(earning.basis) == would.points
