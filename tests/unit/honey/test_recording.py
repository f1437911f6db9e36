"""Events are recorded in a wallet: once each, with all that rules give, and undone by what they rest on."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.accounts import Account
from domain.honey.commands.earn import ReversePoints, reverse_points
from domain.honey.commands.events import RecordEvent, evaluate_event, record_event
from domain.honey.commands.operate import AdjustPoints, adjust_points
from domain.honey.commands.refunds import RefundOrderItems, refund_order_items
from domain.honey.commands.spend import SpendPoints, spend_points
from domain.honey.earning_awards import FixedPoints, ProportionalPoints
from domain.honey.earning_caps import Cap, Over, Scope
from domain.honey.earning_conditions import HoldsAnyOf
from domain.honey.earning_events import Event, Item
from domain.honey.earning_rules import EarningRules
from domain.honey.event_records import EventKey
from domain.honey.known import Held, HoldersUnknown
from domain.honey.order_refunds import Refund
from domain.honey.programme import Programme
from domain.honey.task_rules import Points, Rhythm, TaskVersion, Times
from domain.honey.verdicts import Outcome
from domain.honey.wallets import MEMBER, MERCHANT, Owner, wallet_id_of
from domain.honey.windows import Window
from domain.shared.errors import Invalid, NotFound, Refused
from domain.shared.instants import HOUR, LATEST
from tests.unit.honey.earnings import (
    SCENE,
    START,
    Step,
    a_rule,
    an_order,
    capped_programmes,
    caps,
    histories,
    programmes,
    the_rules,
)
from tests.unit.honey.naive_earning import NaiveProgramme
from tests.unit.honey.naive_tasks import NaiveTask, Seen, values
from tests.unit.honey.ports import Ledger


def a_ledger(rules: EarningRules) -> Ledger:
    return Ledger(Programme("honey", rules.zone, scenes=rules.scenes))


def wallet_of(member_id: str) -> str:
    return wallet_id_of("honey", Owner(MEMBER, member_id))


def recording(event: Event, held: Held | None = None) -> RecordEvent:
    return RecordEvent(wallet_of(event.member_id), event, held)


@given(programmes() | capped_programmes(), histories())
def test_any_history_is_posted_as_if_points_were_counted_one_by_one(
    rules: EarningRules, history: list[Step]
) -> None:
    """HO-10, with reversals of what is posted: by ReversePoints, as callers undo it."""
    ledger, naive = a_ledger(rules), NaiveProgramme(rules.scenes[0])
    posted = list[str]()
    for number, step in enumerate(history):
        if step.take_back and posted:
            turn, most = step.take_back
            _reverse(ledger, naive, posted, turn % len(posted), most, f"undo{number}", step.now)
        found = ledger.run(record_event, recording(step.event, Held(*step.held)), step.now)
        before = len(naive.happened)
        said = naive.record(step.event, (set(step.held[0]), set(step.held[1])), step.now)
        assert {each.rule_id: (each.outcome.value, each.points) for each in found.evaluation.verdicts} == said
        assert sorted((lot.earned, lot.active_from) for lot in found.lots) == sorted(
            (each.points, each.active_from) for each in naive.happened[before:]
        )
        posted += [each.lot_id for each in ledger.rule_earnings.rows.values() if each.lot_id not in posted]
    for wallet_id in ledger.wallets.standings:
        earned = -ledger.wallets.get(wallet_id).balance(Account.ISSUED)
        assert earned == sum(
            each.points for each in naive.happened if wallet_of(each.event.member_id) == wallet_id
        )


def _reverse(
    ledger: Ledger, naive: NaiveProgramme, posted: list[str], which: int, most: int, name: str, now: int
) -> None:
    lot = ledger.lots.rows[posted[which]]
    points = min(most, lot.earned - lot.reversed)
    if points:
        ledger.run(reverse_points, ReversePoints(lot.wallet_id, name, lot.lot_id, points), now)
        naive.happened[which].taken_back.append((now, points))


@given(histories(), st.sampled_from(Rhythm), st.integers(1, 4), st.booleans())
def test_a_task_is_rewarded_once_in_each_period_in_which_it_is_completed(
    history: list[Step], rhythm: Rhythm, target: int, often: bool
) -> None:
    """AP-2: every event comes again, and points are given as often as the second idea of tasks says."""
    task = TaskVersion("rides", 1, "Ride", SCENE, Times(target), Points(7), 0, rhythm=rhythm)
    ledger = Ledger(Programme("honey", tasks=(task,)))
    for step in [*history, *history] if often else history:
        ledger.run(record_event, recording(step.event), max(step.now, history[-1].now))
    seen = [
        Seen(each.event_id, each.member_id, each.scene, each.occurred, "", "", 0, False)
        for each in (step.event for step in history)
    ]
    naive = NaiveTask(SCENE, target, "", 0, rhythm.value, 0, LATEST, task.zone, (), False)
    done = [member for (member, _), value in values(naive, seen).items() if value == target]
    for member in ("m1", "m2"):
        given = -ledger.wallets.get(wallet_of(member)).balance(Account.ISSUED)
        assert given == 7 * done.count(member)


def test_an_event_that_comes_again_has_had_its_effect() -> None:
    ledger, event = a_ledger(the_rules(a_rule())), an_order(1_000)
    first = ledger.run(record_event, recording(event), START)
    again = ledger.run(record_event, recording(event), START + HOUR)
    assert ([lot.lot_id for lot in again.lots], again.standing) == (
        [lot.lot_id for lot in first.lots],
        first.standing,
    )
    assert again.recorded_before
    assert [each.outcome for each in again.evaluation.verdicts] == [Outcome.RECORDED_BEFORE]
    with pytest.raises(Invalid) as invalid:
        ledger.run(record_event, recording(an_order(2_000)), START)
    assert invalid.value.reason == "IDEMPOTENCY_KEY_REUSED"


def test_a_dry_run_says_what_would_come_and_leaves_nothing() -> None:
    ledger, event = a_ledger(the_rules(a_rule())), an_order(1_000)
    told = ledger.run(evaluate_event, recording(event), START)
    assert (told.evaluation.points, ledger.wallets.transactions, ledger.events.rows) == (10, [], {})
    assert ledger.run(record_event, recording(event), START).evaluation == told.evaluation


def test_what_a_member_holds_is_asked_for_only_if_a_rule_wants_to_know() -> None:
    gold = frozenset({"gold_year"})
    ledger = a_ledger(the_rules(a_rule(conditions=(HoldsAnyOf(gold),))))
    with pytest.raises(HoldersUnknown):
        ledger.run(record_event, recording(an_order(1_000)), START)
    found = ledger.run(record_event, recording(an_order(1_000), Held(at_event=gold)), START)
    assert found.evaluation.points == 10


def test_a_rule_of_a_merchant_gives_what_its_credit_suffices_for() -> None:
    """Whatever the others give."""
    ledger = a_ledger(the_rules(a_rule(merchant_id="shop"), a_rule(FixedPoints(3), rule_id="own")))
    shop = wallet_id_of("honey", Owner(MERCHANT, "shop"))
    ledger.run(adjust_points, AdjustPoints(shop, "credit", 15), START)
    first = ledger.run(record_event, recording(an_order(1_000)), START)
    second = ledger.run(record_event, recording(an_order(1_000, event_id="e2")), START)
    assert [each.points for each in first.evaluation.verdicts] == [10, 3]
    assert [each.outcome for each in second.evaluation.verdicts] == [Outcome.OUT_OF_BUDGET, Outcome.EARNED]
    assert ledger.wallets.get(shop).balance(Account.CREDIT) == 5
    ledger.run(refund_order_items, refunding("e1", Refund("a", 1_000)), START)
    assert ledger.wallets.get(shop).balance(Account.CREDIT) == 15


def test_what_was_spent_is_what_the_items_say() -> None:
    ledger = a_ledger(the_rules(a_rule()))
    ledger.run(adjust_points, AdjustPoints(wallet_of("m1"), "gift", 50), START)
    ledger.run(spend_points, SpendPoints(wallet_of("m1"), "spend1", 50), START)
    paid = replace(an_order(1_000), items=(Item("a", 1_000, 40),), spend_id="spend1")
    with pytest.raises(Invalid) as invalid:
        ledger.run(record_event, recording(paid), START)
    assert [each.reason for each in invalid.value.violations] == ["NOT_WHAT_WAS_SPENT"]
    with pytest.raises(NotFound) as unknown:
        ledger.run(record_event, recording(replace(paid, spend_id="other")), START)
    assert unknown.value.reason == "TRANSACTION_NOT_FOUND"


def refunding(order_id: str, *refunds: Refund, name: str = "refund") -> RefundOrderItems:
    return RefundOrderItems(EventKey("honey", order_id), name, refunds)


_ITEMS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 20)), min_size=1, max_size=4)


@st.composite
def _plans(draw: st.DrawFn) -> tuple[tuple[Item, ...], list[Refund]]:
    """An order, and refunds in some order that leave no item with less than nothing."""
    items = tuple(Item("abcd"[place], *row) for place, row in enumerate(draw(_ITEMS)))
    refunds = list[Refund]()
    for item in items:
        parts = (
            draw(st.lists(st.integers(1, 400), max_size=3)) if item.paid else draw(st.sampled_from([[], [0]]))
        )
        left = item.paid
        for part in parts:
            if part <= left:
                refunds.append(Refund(item.item_id, part))
                left -= part
    return items, draw(st.permutations(refunds))


_SHARES = st.builds(
    lambda points, per, limits: the_rules(a_rule(ProportionalPoints(points, per, "CNY"), caps=limits)),
    st.integers(1, 9),
    st.integers(10, 99),
    caps(),
)


@given(_plans(), st.integers(0, 12), _SHARES | _SHARES | capped_programmes() | programmes())
def test_it_does_not_matter_when_refunds_come(
    plan: tuple[tuple[Item, ...], list[Refund]], early: int, rules: EarningRules
) -> None:
    """HO-8: one by one, all at once, or before the order itself."""
    items, refunds = plan
    at_once, one_by_one = _ordered(rules, items, []), _ordered(rules, items, refunds[:early])
    if refunds:
        at_once.run(refund_order_items, refunding("e1", *refunds), START)
    for number, refund in enumerate(refunds[early:]):
        one_by_one.run(refund_order_items, refunding("e1", refund, name=f"refund{number}"), START)
    assert _left(one_by_one) == _left(at_once)
    assert one_by_one.counters.rows == at_once.counters.rows


def _ordered(rules: EarningRules, items: tuple[Item, ...], early: list[Refund]) -> Ledger:
    ledger, spent = a_ledger(rules), sum(item.spent for item in items)
    ledger.run(adjust_points, AdjustPoints(wallet_of("m1"), "gift", 100), START)
    if spent:
        ledger.run(spend_points, SpendPoints(wallet_of("m1"), "spend1", spent), START)
    for number, refund in enumerate(early):
        told = ledger.run(refund_order_items, refunding("e1", refund, name=f"early{number}"), START)
        assert told.settled is None
    event = Event(
        "e1", "m1", SCENE, START, None, "app", "shop", "CNY", items, spend_id="spend1" if spent else ""
    )
    ledger.run(record_event, recording(event, Held()), START)
    return ledger


def _left(ledger: Ledger) -> object:
    lots = [replace(lot, number=0) for lot in ledger.lots.rows.values()]
    balances = dict(ledger.wallets.get(wallet_of("m1")).balances)
    return lots, balances, ledger.spends.rows, {key: row.refunded for key, row in ledger.events.rows.items()}


def test_refunds_that_come_first_count_for_no_more_than_was_paid() -> None:
    ledger = a_ledger(the_rules(a_rule()))
    ledger.run(refund_order_items, refunding("e1", Refund("a", 700), Refund("of another", 5)), START)
    found = ledger.run(record_event, recording(an_order(500, 300)), START)
    assert found.evaluation.points == 8
    assert found.standing.balance(Account.ACTIVE) == 3
    with pytest.raises(Refused) as refused:
        ledger.run(refund_order_items, refunding("e1", Refund("a", 1)), START)
    assert refused.value.reason == "MORE_THAN_ORDERED"


def test_two_refunds_that_are_larger_than_the_order_together_are_one() -> None:
    ledger = a_ledger(the_rules(a_rule()))
    ledger.run(record_event, recording(an_order(500)), START)
    ledger.run(refund_order_items, refunding("e1", Refund("a", 400)), START)
    before = ledger.events.rows.copy(), ledger.wallets.standings.copy()
    with pytest.raises(Refused):
        ledger.run(refund_order_items, refunding("e1", Refund("a", 400)), START)
    assert (ledger.events.rows, ledger.wallets.standings) == before


def test_a_refund_gives_room_back_to_the_caps_of_its_own_window_only() -> None:
    """HO-10: a budget of 10 for everybody each day."""
    budget = Cap(10, Window.DAY, Scope.EVERYBODY, Over.CUT)
    ledger = a_ledger(the_rules(a_rule(ProportionalPoints(1, 100, "CNY"), caps=(budget,))))
    ledger.run(record_event, recording(an_order(1_000)), START)
    empty = ledger.run(evaluate_event, recording(an_order(500, event_id="e2")), START)
    assert empty.evaluation.verdicts[0].outcome is Outcome.OUT_OF_BUDGET
    ledger.run(refund_order_items, refunding("e1", Refund("a", 300)), START)
    assert ledger.run(evaluate_event, recording(an_order(500, event_id="e2")), START).evaluation.points == 3
    ledger.run(refund_order_items, refunding("e1", Refund("a", 300)), START + 30 * HOUR)
    assert ledger.run(evaluate_event, recording(an_order(500, event_id="e2")), START).evaluation.points == 3


def test_refunds_of_an_order_nobody_heard_of_are_bounded() -> None:
    ledger = a_ledger(the_rules(a_rule()))
    many = [Refund(str(number), 1) for number in range(101)]
    with pytest.raises(Invalid):
        ledger.run(refund_order_items, refunding("e1", *many), START)
    other = RefundOrderItems(EventKey("other", "e1"), "refund", [Refund("a", 1)])
    with pytest.raises(NotFound):
        ledger.run(refund_order_items, other, START)
    ledger.run(refund_order_items, refunding("e1", Refund("a", LATEST)), START)
    assert max(ledger.events.rows[EventKey("honey", "e1")].refunded.values()) < LATEST
