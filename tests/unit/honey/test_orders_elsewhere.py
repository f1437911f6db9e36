"""Orders of other services: recorded where programmes know their scene, refunded as far as they can be."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.commands.events import record_event
from domain.honey.commands.refunds import refund_order_items
from domain.honey.earning_conditions import HoldsAnyOf
from domain.honey.earning_events import Event, Item
from domain.honey.earning_rules import Scene
from domain.honey.event_records import EventKey
from domain.honey.known import Held, HoldersUnknown
from domain.honey.order_refunds import Refund
from domain.honey.orders_elsewhere import RefundedOrder, asks_what_was_held, recordings, refundings
from domain.honey.programme import Programme
from domain.honey.rules import Rules
from domain.honey.task_rules import Points, TaskVersion, Times
from domain.shared.doing import Doing
from servers.honey.told_orders import IDENTITY_PAID, SECKILL_PAID, told
from servers.store import event as store
from tests.unit.honey.earnings import GOLD, START, a_rule
from tests.unit.honey.ports import Ledger

HERE, GOLDEN, AWAY = "here", "golden", "away"
"""Programmes: of those who know the scene the second asks what was held; the third does not know it."""


HELD = Held(at_order=frozenset({GOLD}))


def a_ledger() -> Ledger:
    golden = a_rule(rule_id="golden", conditions=(HoldsAnyOf(frozenset({GOLD})),))
    scenes = {HERE: (Scene(SECKILL_PAID, (a_rule(),)),), GOLDEN: (Scene(SECKILL_PAID, (golden,)),), AWAY: ()}
    ledger = Ledger(Programme(HERE))
    programmes = {name: Programme(name, scenes=found) for name, found in scenes.items()}
    ledger.ports.programmes.add(Rules(1, programmes), Doing("a test", "r0", START))
    return ledger


def an_order(*paid: int, scene: str = SECKILL_PAID) -> Event:
    items = tuple(Item(str(unit), each) for unit, each in enumerate(paid, 1))
    return Event("seckill:o1", "m1", scene, START, START, currency="CNY", items=items)


def record(ledger: Ledger, order: Event, held: Held | None = None) -> None:
    for command in recordings(ledger.ports.programmes, order, held or Held()):
        ledger.run(record_event, command, START)


def refund(ledger: Ledger, refunds: list[Refund] | None, cause: str) -> int:
    """In how many programmes."""
    commands = refundings(ledger.ports, RefundedOrder(SECKILL_PAID, "seckill:o1", refunds, cause))
    for command in commands:
        ledger.run(refund_order_items, command, START)
    return len(commands)


def left(ledger: Ledger, programme_id: str = HERE) -> int:
    """Points of the order that nobody has taken back."""
    lots = [lot for lot in ledger.lots.rows.values() if lot.wallet_id.startswith(f"{programme_id}:")]
    return sum(lot.earned - lot.reversed for lot in lots)


def test_an_order_counts_where_its_scene_is_known_and_nowhere_else() -> None:
    ledger = a_ledger()
    record(ledger, an_order(990), HELD)
    assert set(ledger.events.rows) == {EventKey(HERE, "seckill:o1"), EventKey(GOLDEN, "seckill:o1")}
    assert (left(ledger), left(ledger, GOLDEN)) == (9, 9)
    record(ledger, an_order(990, scene="nobody.knows"))
    assert len(ledger.events.rows) == 2


def test_a_task_is_reason_enough_to_take_an_order_and_to_ask_what_was_held() -> None:
    """Though no rule gives anything for it."""
    gold = (HoldsAnyOf(frozenset({GOLD})),)
    task = TaskVersion("buyer", 1, "Buy", SECKILL_PAID, Times(1), Points(7), 0, conditions=gold)
    ledger = Ledger(Programme(HERE, tasks=(task,)))
    assert asks_what_was_held(ledger.ports.programmes, an_order(990))
    record(ledger, an_order(990), Held(at_event=frozenset({GOLD})))
    assert left(ledger) == 7


def test_one_programme_that_asks_what_was_held_is_enough_to_ask() -> None:
    ledger = a_ledger()
    assert asks_what_was_held(ledger.ports.programmes, an_order(990))
    assert not asks_what_was_held(ledger.ports.programmes, an_order(990, scene="nobody.knows"))
    [_, golden] = recordings(ledger.ports.programmes, an_order(990), None)
    with pytest.raises(HoldersUnknown):
        ledger.run(record_event, golden, START)


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from("1234"), st.integers(1, 500)) | st.none(), max_size=6),
    st.integers(0, 6),
)
def test_whatever_is_refunded_what_is_left_is_what_the_rest_would_have_earned(
    paid: list[int], steps: list[tuple[str, int] | None], heard: int
) -> None:
    """HO-8: more than was paid undoes all, again undoes nothing, and the order may come in between."""
    ledger, rest = a_ledger(), {str(unit): each for unit, each in enumerate(paid, 1)}
    recorded = False
    for number, step in enumerate(steps):
        if number >= heard and not recorded:
            record(ledger, an_order(*paid))
            recorded = True
        if step is None:
            refund(ledger, None, f"c{number}")
            # Of what, nobody can tell before the order is heard of.
            rest = dict.fromkeys(rest, 0) if recorded else rest
        else:
            refund(ledger, [Refund(*step)], f"c{number}")
            rest[step[0]] = max(rest.get(step[0], 0) - step[1], 0)
    if not recorded:
        record(ledger, an_order(*paid))
    assert left(ledger) == sum(rest.values()) // 100


def test_a_refund_of_nothing_that_is_left_is_no_refund() -> None:
    ledger = a_ledger()
    record(ledger, an_order(990))
    assert refund(ledger, None, "c1") == 2
    assert refund(ledger, None, "c2") == refund(ledger, [Refund("1", 5)], "c3") == 0


def test_of_an_order_that_nobody_knows_a_refund_waits_only_where_it_may_come() -> None:
    ledger = a_ledger()
    assert refund(ledger, [Refund("1", 990)], "c1") == 2
    assert {key.programme_id for key in ledger.events.rows} == {HERE, GOLDEN}
    record(ledger, an_order(990), HELD)
    assert (left(ledger), left(ledger, GOLDEN)) == (0, 0)


TERM = {
    "cause": {"kind": "ORDER", "id": "o7"},
    "acquired": START,
    "source": "app",
    "currency": "CNY",
    "paid": 2_900,
    "sku_id": "gold_monthly",
}


def an_event(kind: str, **payload: Any) -> store.Event:
    return store.Event("e1", kind, 1, "ann", 1, START, START, "r1", "r1", "operator", orjson.dumps(payload))


def a_termination(refund: int, cause: dict[str, str], paid: int = 2_900, **cut: Any) -> store.Event:
    made = {"term_id": "t1", "refund": refund, "share": "1/1", "keep_time": False} | cut
    terms = {"t1": {"cause": cause, "sku_id": "gold_monthly", "currency": "CNY", "paid": paid}}
    return an_event("TermTerminated", cuts=[made], terms=terms)


def test_a_term_is_an_order_if_an_order_gave_it() -> None:
    """One that was placed before terms said when they were sold counts as ordered when it was paid."""
    [order] = told(an_event("TermPlaced", term=TERM))
    items = (Item("gold_monthly", 2_900),)
    assert order == Event("identity:o7", "ann", IDENTITY_PAID, START, None, "app", "", "CNY", items)
    [order] = told(an_event("TermPlaced", term=TERM | {"sold": START - 5}))
    assert isinstance(order, Event)
    assert order.ordered == START - 5
    assert not told(an_event("TermPlaced", term=TERM | {"cause": {"kind": "TASK", "id": "o7"}}))
    assert not told(an_event("TermMoved"))


def test_money_that_is_paid_back_for_a_term_is_a_refund_of_what_gave_it() -> None:
    order, sale = {"kind": "ORDER", "id": "o7"}, {"kind": "FLASH_SALE", "id": "o8:2"}
    [found] = told(a_termination(900, order))
    assert found == RefundedOrder(IDENTITY_PAID, "identity:o7", [Refund("gold_monthly", 900)], "e1")
    [found] = told(a_termination(900, sale))
    assert found == RefundedOrder(SECKILL_PAID, "seckill:o8", [Refund("2", 900)], "e1:2")
    assert not told(a_termination(900, {"kind": "GIFT", "id": "g1"}))
    assert not told(a_termination(0, order)), "no money came back"


def test_what_was_free_is_refunded_when_all_of_it_is_given_back() -> None:
    order = {"kind": "ORDER", "id": "o7"}
    [found] = told(a_termination(0, order, paid=0))
    assert isinstance(found, RefundedOrder)
    assert found.refunds == [Refund("gold_monthly", 0)]
    assert not told(a_termination(0, order, paid=0, share="1/2"))
    assert not told(a_termination(0, order, paid=0, keep_time=True))


def test_a_refund_that_was_told_without_its_terms_means_nothing() -> None:
    cut = {"term_id": "t1", "refund": 900, "share": "1/1", "keep_time": False}
    assert not told(an_event("TermTerminated", cuts=[cut]))
