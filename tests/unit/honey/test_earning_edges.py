"""Single cases of evaluating an event, at the edges of what rules say."""

from dataclasses import replace
from fractions import Fraction

import pytest

from domain.honey.earning_awards import (
    Combination,
    FixedPoints,
    ForCampaign,
    ForHolders,
    Multiplier,
    ProportionalPoints,
)
from domain.honey.earning_caps import Cap, Over, Scope
from domain.honey.earning_conditions import ChannelIn, HoldsAnyOf, PaidBetween
from domain.honey.earning_events import MOST_AHEAD, Event, Item
from domain.honey.earning_rules import EarningRule, Mode, QuotedAt
from domain.honey.evaluation import EarningStanding, evaluate
from domain.honey.order_refunds import Order, Refund, refunded, settlement
from domain.honey.verdicts import Evaluation, Outcome
from domain.honey.windows import Window
from domain.shared.errors import Invalid, Refused
from domain.shared.instants import DAY, HOUR, Period, Unit
from domain.shared.money import MAX_AMOUNT
from tests.unit.honey.earnings import GOLD, SCENE, START, TRIAL, Books, a_rule, an_order, the_rules

GOLD_DOUBLES = Multiplier(Fraction(2), ForHolders(frozenset({GOLD})))


def outcomes(evaluation: Evaluation) -> list[Outcome]:
    return [verdict.outcome for verdict in evaluation.verdicts]


def points_of(rule: EarningRule, event: Event, standing: EarningStanding | None = None) -> int:
    return evaluate(the_rules(rule), event, standing or EarningStanding(), event.occurred).points


def test_what_an_event_earns_is_rounded_once_and_down() -> None:
    """99 + 99 fen are 1.98 points: each item by itself would have none, and two are not given."""
    evaluation = Books(the_rules(a_rule())).record(an_order(99, 99))
    assert evaluation.points == 1
    assert evaluation.earnings[0].by_item == (1, 0)


def test_a_multiplier_multiplies_what_is_not_rounded_yet() -> None:
    held = EarningStanding(held_at_event=frozenset({GOLD}))
    assert points_of(a_rule(multipliers=(GOLD_DOUBLES,)), an_order(150), held) == 3


@pytest.mark.parametrize(
    ("combination", "points"),
    [(Combination.MAX, 20), (Combination.SUM_OF_BONUS, 25), (Combination.PRODUCT, 30)],
)
def test_several_multipliers_make_what_the_rule_says(combination: Combination, points: int) -> None:
    half_more = Multiplier(Fraction(3, 2), ForCampaign("double_eleven", START, START + 1))
    rule = a_rule(FixedPoints(10), multipliers=(GOLD_DOUBLES, half_more), combination=combination)
    assert points_of(rule, an_order(1), EarningStanding(held_at_event=frozenset({GOLD}))) == points


@pytest.mark.parametrize(("at", "points"), [(START - 1, 10), (START, 20), (START + 9, 20), (START + 10, 10)])
def test_a_campaign_ends_just_before_its_end(at: int, points: int) -> None:
    campaign = Multiplier(Fraction(2), ForCampaign("double_eleven", START, START + 10))
    assert points_of(a_rule(FixedPoints(10), multipliers=(campaign,)), an_order(1, at=at)) == points


@pytest.mark.parametrize(("quoted_at", "points"), [(QuotedAt.ORDER, 20), (QuotedAt.EVENT, 10)])
def test_an_identity_that_ended_between_order_and_payment(quoted_at: QuotedAt, points: int) -> None:
    rule = a_rule(multipliers=(GOLD_DOUBLES,), quoted_at=quoted_at)
    standing = EarningStanding(held_at_order=frozenset({GOLD}), held_at_event=frozenset())
    assert points_of(rule, an_order(1000, ordered=START - HOUR), standing) == points


def test_a_rule_that_ended_between_order_and_payment_holds_for_the_order() -> None:
    rule = a_rule(ends=START)
    assert points_of(rule, an_order(1000, ordered=START - 1)) == 10
    assert points_of(rule, an_order(1000, ordered=START)) == 0


def test_a_cap_that_is_met_in_the_middle_of_an_event_cuts_it_and_says_so() -> None:
    books = Books(the_rules(a_rule(caps=(Cap(12, Window.DAY),))))
    assert books.record(an_order(1000)).points == 10
    second = books.record(an_order(500, 500, event_id="e2", at=START + HOUR))
    (verdict,) = second.verdicts
    assert (verdict.outcome, verdict.points) == (Outcome.CAPPED, 2)
    assert verdict.because == "from 10 to 2: a member at most 12, window DAY"
    assert second.earnings[0].by_item == (1, 1)
    third = books.record(an_order(1000, event_id="e3", at=START + 2 * HOUR))
    assert (outcomes(third), third.points, list(third.earnings)) == ([Outcome.CAPPED], 0, [])
    assert books.record(an_order(1000, event_id="e4", at=START + DAY)).points == 10


def test_a_day_ends_at_midnight_of_the_programme_s_zone() -> None:
    midnight = START + 14 * HOUR
    books = Books(the_rules(a_rule(FixedPoints(10), caps=(Cap(10, Window.DAY),))))
    earned = [
        books.record(an_order(1, event_id=f"e{at}", at=midnight + at), midnight + DAY).points
        for at in (-DAY, -1, 0, DAY - 1, DAY)
    ]
    assert earned == [10, 0, 10, 0, 10]


def test_a_cap_that_rejects_leaves_its_room_to_smaller_events() -> None:
    books = Books(the_rules(a_rule(caps=(Cap(12, Window.DAY, over=Over.REJECT),))))
    assert books.record(an_order(1000)).points == 10
    assert outcomes(books.record(an_order(300, event_id="e2"))) == [Outcome.REJECTED_BY_CAP]
    assert books.record(an_order(200, event_id="e3")).points == 2


def test_caps_that_cut_come_before_those_that_reject() -> None:
    caps = (Cap(15, Window.MONTH, over=Over.REJECT), Cap(10, Window.EVENT))
    for order in (caps, caps[::-1]):
        assert points_of(a_rule(caps=order), an_order(9900)) == 10


def test_a_budget_that_two_events_exhaust_at_once_is_not_exceeded() -> None:
    """HO-10: both find 15 points left; the second does not fit any more, is evaluated anew, and cut."""
    books = Books(the_rules(a_rule(caps=(Cap(15, Window.LIFETIME, Scope.EVERYBODY),))))
    first, second = an_order(1000), replace(an_order(1000, event_id="e2"), member_id="m2")
    at_once = [evaluate(books.rules, each, books.standing(each), START) for each in (first, second)]
    assert [each.points for each in at_once] == [10, 10]
    books.post(first, at_once[0])
    with pytest.raises(Refused):
        books.post(second, at_once[1])
    assert books.record(second).points == 5
    third = replace(an_order(1000, event_id="e3"), member_id="m3")
    assert outcomes(books.record(third)) == [Outcome.OUT_OF_BUDGET]
    assert list(books.counted.values()) == [15]


def test_a_cap_that_was_lowered_below_what_was_earned_gives_nothing_more() -> None:
    books = Books(the_rules(a_rule(caps=(Cap(100, Window.MONTH),))))
    books.record(an_order(5000))
    books.rules = the_rules(a_rule(version=2, caps=(Cap(40, Window.MONTH),)))
    assert books.record(an_order(1000, event_id="e2")).points == 0


def test_what_is_taken_back_leaves_room_in_the_same_window_alone() -> None:
    caps = (Cap(10, Window.DAY), Cap(100, Window.LIFETIME))
    event, room = an_order(1000), []
    for at in (START + HOUR, START + DAY):
        books = Books(the_rules(a_rule(caps=caps)))
        books.record(event)
        books.take_back(event, "base", 4, at)
        used = {counter.window: used for (_, counter), used in books.counted.items()}
        room.append([cap.points - used[cap.window] for cap in caps])
    assert room == [[4, 94], [0, 94]]


def test_nothing_earns_twice_within_the_cooldown_in_whatever_order_events_come() -> None:
    books = Books(the_rules(a_rule(FixedPoints(5), cooldown=Period(1, Unit.DAY))))
    assert books.record(an_order(1)).points == 5
    for event_id, at in (("e2", START + DAY - 1), ("e3", START - DAY + 1)):
        event = an_order(1, event_id=event_id, at=at)
        assert outcomes(books.record(event, START + 2 * DAY)) == [Outcome.COOLING_DOWN]
    for event_id, at in (("e4", START + DAY), ("e5", START - DAY)):
        assert books.record(an_order(1, event_id=event_id, at=at), START + 2 * DAY).points == 5


def test_first_match_goes_on_to_a_rule_that_is_not_cooling_down() -> None:
    daily = a_rule(FixedPoints(10), rule_id="daily", cooldown=Period(1, Unit.DAY))
    books = Books(the_rules(daily, a_rule(FixedPoints(1)), mode=Mode.FIRST_MATCH))
    assert outcomes(books.record(an_order(1))) == [Outcome.EARNED, Outcome.NOT_REACHED]
    again = books.record(an_order(1, event_id="e2"))
    assert outcomes(again) == [Outcome.COOLING_DOWN, Outcome.EARNED]
    assert again.points == 1


def test_first_match_does_not_go_round_a_cap() -> None:
    capped = a_rule(FixedPoints(10), rule_id="capped", caps=(Cap(10, Window.DAY),))
    books = Books(the_rules(capped, a_rule(FixedPoints(5)), mode=Mode.FIRST_MATCH))
    books.record(an_order(1))
    again = books.record(an_order(1, event_id="e2"))
    assert outcomes(again) == [Outcome.CAPPED, Outcome.NOT_REACHED]
    assert again.points == 0


def test_best_is_what_gives_most_after_its_caps_and_of_equals_the_first() -> None:
    large = a_rule(FixedPoints(50), rule_id="large", caps=(Cap(60, Window.DAY),))
    small, same = a_rule(FixedPoints(20), rule_id="small"), a_rule(FixedPoints(20), rule_id="same")
    books = Books(the_rules(small, large, same, mode=Mode.BEST))
    assert outcomes(books.record(an_order(1))) == [Outcome.BEATEN, Outcome.EARNED, Outcome.BEATEN]
    again = books.record(an_order(1, event_id="e2"))
    assert outcomes(again) == [Outcome.EARNED, Outcome.BEATEN, Outcome.BEATEN]
    assert [verdict.because for verdict in again.verdicts][1:] == ["small gives 20", "small gives 20"]


def test_a_beaten_rule_takes_nothing_of_its_caps() -> None:
    large = a_rule(FixedPoints(50), rule_id="large", caps=(Cap(60, Window.DAY),))
    small = a_rule(FixedPoints(20), rule_id="small", caps=(Cap(60, Window.DAY),))
    books = Books(the_rules(small, large, mode=Mode.BEST))
    books.record(an_order(1))
    assert {counter.rule_id: used for (_, counter), used in books.counted.items() if used} == {"large": 50}


def test_why_a_rule_does_not_match_is_told_whole() -> None:
    conditions = (
        HoldsAnyOf(frozenset({GOLD, TRIAL})),
        ChannelIn(frozenset({"app"})),
        PaidBetween("CNY", 500, 900),
    )
    (verdict,) = Books(the_rules(a_rule(conditions=conditions))).record(an_order(100)).verdicts
    assert verdict.outcome is Outcome.NOT_MATCHED
    told = "holds none of gold_year, trial; channel is not said; paid 100, not 500 to 900"
    assert verdict.because == told


@pytest.mark.parametrize(("paid", "matches"), [(499, False), (500, True), (900, True), (901, False)])
def test_both_bounds_of_an_amount_are_allowed(paid: int, matches: bool) -> None:
    rule = a_rule(FixedPoints(1), conditions=(PaidBetween("CNY", 500, 900),))
    assert points_of(rule, an_order(paid)) == int(matches)


def test_points_for_one_currency_are_not_given_for_another() -> None:
    event = replace(an_order(1000), currency="USD")
    evaluation = Books(the_rules(a_rule())).record(event)
    assert [each.because for each in evaluation.verdicts] == ["not paid in CNY"]


def test_the_same_event_again_has_no_effect_any_more() -> None:
    books = Books(the_rules(a_rule()))
    books.record(an_order(1000))
    again = books.record(an_order(1000))
    assert (outcomes(again), again.points) == ([Outcome.RECORDED_BEFORE], 0)


def test_an_event_with_a_known_id_and_another_amount_is_refused() -> None:
    books = Books(the_rules(a_rule()))
    books.record(an_order(1000))
    with pytest.raises(Invalid) as invalid:
        books.record(an_order(1001))
    assert invalid.value.reason == "IDEMPOTENCY_KEY_REUSED"


def test_earning_and_refund_that_come_in_the_reverse_order_come_to_the_same() -> None:
    """HO-8: the event is evaluated as it was, then settled with what is refunded already."""
    event, refunds = an_order(1000, 500), [Refund("b", 250)]
    order = refunded(Order(event.items), refunds)
    (earning,) = Books(the_rules(a_rule())).record(event).earnings
    due = settlement(order, [earning.basis], {"base": earning.points}, 0)
    assert earning.points - due.take_back["base"] == 12


def test_an_event_may_be_a_little_ahead_of_our_clock_and_no_more() -> None:
    event, rules = an_order(1000), the_rules(a_rule())
    assert evaluate(rules, event, EarningStanding(), START - MOST_AHEAD).points == 10
    with pytest.raises(Invalid) as invalid:
        evaluate(rules, event, EarningStanding(), START - MOST_AHEAD - 1)
    assert [each.reason for each in invalid.value.violations] == ["IN_THE_FUTURE"]


def test_a_scene_that_nobody_declared_is_refused() -> None:
    with pytest.raises(Invalid) as invalid:
        points_of(a_rule(), replace(an_order(1), scene="order.payed"))
    assert [each.field for each in invalid.value.violations] == ["event.scene"]


def test_nothing_and_the_most_that_can_be_paid() -> None:
    assert outcomes(Books(the_rules(a_rule())).record(an_order(0, 0))) == [Outcome.NOTHING]
    assert points_of(a_rule(ProportionalPoints(99, 1, "CNY")), an_order(MAX_AMOUNT)) == 99 * MAX_AMOUNT


def test_everything_that_is_wrong_with_an_event_is_told() -> None:
    items = (Item("a", -1, 1), Item("a", MAX_AMOUNT + 1, -2), *(Item(str(n), 1) for n in range(99)))
    event = Event("e1", "m1", SCENE, -1, ordered=5, items=items)
    with pytest.raises(Invalid) as invalid:
        evaluate(the_rules(a_rule()), event, EarningStanding(), START)
    assert {(each.field, each.reason) for each in invalid.value.violations} == {
        ("event.event_time", "OUT_OF_BOUNDS"),
        ("event.order_time", "AFTER_EVENT_TIME"),
        ("event.items", "TOO_MANY"),
        ("event.currency", "REQUIRED"),
        ("event.spend_transaction_id", "REQUIRED"),
        ("event.items[0].paid_minor", "OUT_OF_BOUNDS"),
        ("event.items[1].item_id", "TWICE"),
        ("event.items[1].paid_minor", "OUT_OF_BOUNDS"),
        ("event.items[1].spent_points", "OUT_OF_BOUNDS"),
        ("event.items", "OUT_OF_BOUNDS"),
    }
