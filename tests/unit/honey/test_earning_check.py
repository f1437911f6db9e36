"""Everything that is wrong with earning rules is told, with its place."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from domain.honey.earning import MOST
from domain.honey.earning_awards import (
    Combination,
    FixedPoints,
    ForCampaign,
    ForHolders,
    Multiplier,
    ProportionalPoints,
)
from domain.honey.earning_caps import Cap, Scope
from domain.honey.earning_check import MOST_RULES, violations
from domain.honey.earning_check_points import MOST_AT_ONCE
from domain.honey.earning_conditions import ChannelIn, HoldsAnyOf, HoldsNoneOf, MerchantIn, PaidBetween
from domain.honey.earning_expiry import FixedDates, Rolling, Sliding
from domain.honey.earning_rules import EarningRule, EarningRules, Mode, Scene
from domain.honey.evaluation import EarningStanding, evaluate
from domain.honey.windows import Window
from domain.shared.errors import FieldViolation
from domain.shared.instants import Period, Unit
from domain.shared.money import MAX_AMOUNT
from tests.unit.honey.earnings import SCENE, START, ZONE, a_rule, an_order, programmes, the_rules

GOLD, NOBODY = frozenset({"gold_year"}), frozenset[str]()
NONE_OF_GOLD = HoldsNoneOf(frozenset({"gold_year", "trial"}))
CAMPAIGN = ForCampaign("double_eleven", 1, 2)


def told(found: list[FieldViolation]) -> list[tuple[str, str]]:
    return [(each.field, each.reason) for each in found]


@given(programmes())
def test_rules_that_earn_all_over_the_tests_are_sound_but_for_campaigns_that_end_first(
    rules: EarningRules,
) -> None:
    allowed = ("NOT_AFTER_START_TIME", "NEVER_MET")
    assert all(each.reason in allowed for each in violations(rules))


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"rule_id": "Base"}, "rule_id", "MALFORMED"),
        ({"rule_id": "a" * 37}, "rule_id", "MALFORMED"),
        ({"version": 0}, "version", "OUT_OF_BOUNDS"),
        ({"starts": 5, "ends": 5}, "end_time", "NOT_AFTER_START_TIME"),
        ({"merchant_id": "the shop"}, "merchant_id", "MALFORMED"),
        ({"merchant_id": "a" * 37}, "merchant_id", "MALFORMED"),
        ({"priority": 101}, "priority", "OUT_OF_BOUNDS"),
        ({"priority": -101}, "priority", "OUT_OF_BOUNDS"),
        ({"award": FixedPoints(0)}, "award.fixed_points", "OUT_OF_BOUNDS"),
        ({"award": FixedPoints(-1)}, "award.fixed_points", "OUT_OF_BOUNDS"),
        ({"award": FixedPoints(MOST_AT_ONCE + 1)}, "award.fixed_points", "OUT_OF_BOUNDS"),
        ({"award": ProportionalPoints(0, 1, "CNY")}, "award.proportional.points", "OUT_OF_BOUNDS"),
        ({"award": ProportionalPoints(1, 0, "CNY")}, "award.proportional.per_minor", "OUT_OF_BOUNDS"),
        ({"award": ProportionalPoints(1, 100, "yuan")}, "award.proportional.currency", "MALFORMED"),
        ({"award": ProportionalPoints(101, 1, "CNY")}, "award", "TOO_MUCH"),
        ({"multipliers": (Multiplier(Fraction(1, 2), CAMPAIGN),)}, "multipliers[0].factor", "OUT_OF_BOUNDS"),
        ({"multipliers": (Multiplier(Fraction(101), CAMPAIGN),)}, "multipliers[0].factor", "OUT_OF_BOUNDS"),
        (
            {"multipliers": (Multiplier(Fraction(4, 3), CAMPAIGN),)},
            "multipliers[0].factor",
            "OUT_OF_BOUNDS",
        ),
        (
            {"multipliers": (Multiplier(Fraction(2), ForHolders(NOBODY)),)},
            "multipliers[0].for_holders.sku_ids",
            "OUT_OF_BOUNDS",
        ),
        (
            {"multipliers": (Multiplier(Fraction(2), ForCampaign("", 1, 2)),)},
            "multipliers[0].for_campaign.campaign_id",
            "REQUIRED",
        ),
        (
            {"multipliers": (Multiplier(Fraction(2), ForCampaign("c", 2, 2)),)},
            "multipliers[0].for_campaign.end_time",
            "NOT_AFTER_START_TIME",
        ),
        ({"multipliers": (Multiplier(Fraction(2), CAMPAIGN),) * 17}, "multipliers", "TOO_MANY"),
        ({"conditions": (HoldsAnyOf(NOBODY),)}, "conditions[0].holds_any_of.sku_ids", "OUT_OF_BOUNDS"),
        ({"conditions": (HoldsNoneOf(NOBODY),)}, "conditions[0].holds_none_of.sku_ids", "OUT_OF_BOUNDS"),
        ({"conditions": (ChannelIn(frozenset({""})),)}, "conditions[0].channel_in.channels", "MALFORMED"),
        ({"conditions": (MerchantIn(NOBODY),)}, "conditions[0].merchant_in.merchant_ids", "OUT_OF_BOUNDS"),
        (
            {"conditions": (PaidBetween("CNY", 5, 4),)},
            "conditions[0].paid_between.most_minor",
            "OUT_OF_BOUNDS",
        ),
        (
            {"conditions": (PaidBetween("CNY", -1, 4),)},
            "conditions[0].paid_between.most_minor",
            "OUT_OF_BOUNDS",
        ),
        ({"conditions": (PaidBetween("USD"),)}, "conditions", "NEVER_MET"),
        ({"conditions": (HoldsAnyOf(GOLD), NONE_OF_GOLD)}, "conditions", "NEVER_MET"),
        ({"conditions": (ChannelIn(GOLD), ChannelIn(GOLD))}, "conditions", "TWICE"),
        ({"caps": (Cap(0, Window.DAY),)}, "caps[0].points", "OUT_OF_BOUNDS"),
        ({"caps": (Cap(MOST + 1, Window.DAY),)}, "caps[0].points", "OUT_OF_BOUNDS"),
        ({"caps": (Cap(1, Window.EVENT, Scope.EVERYBODY),)}, "caps[0].scope", "NOT_SHARED"),
        ({"caps": (Cap(1, Window.DAY), Cap(2, Window.DAY))}, "caps", "TWICE"),
        ({"cooldown": Period(0, Unit.DAY)}, "cooldown", "OUT_OF_BOUNDS"),
        ({"return_window": Period(101, Unit.YEAR)}, "return_window", "OUT_OF_BOUNDS"),
        ({"expiry": Rolling(Period(0, Unit.DAY))}, "expiry.rolling.period", "OUT_OF_BOUNDS"),
        ({"expiry": Rolling(Period(1, Unit.DAY), Window.LIFETIME)}, "expiry.rolling.end_of", "NOT_ROUNDED"),
        ({"expiry": Sliding(Period(1201, Unit.MONTH))}, "expiry.sliding.period", "OUT_OF_BOUNDS"),
        ({"expiry": Sliding(Period(48, Unit.HOUR))}, "expiry.sliding.period", "COUNTED_IN_DAYS"),
        ({"expiry": FixedDates(())}, "expiry.fixed_dates.dates", "OUT_OF_BOUNDS"),
        (
            {"expiry": FixedDates((date(2027, 1, 1), date(2026, 1, 1)))},
            "expiry.fixed_dates.dates",
            "NOT_IN_ORDER",
        ),
        ({"expiry": FixedDates((date(2027, 1, 1),) * 2)}, "expiry.fixed_dates.dates", "NOT_IN_ORDER"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_place(
    changed: dict[str, Any], field: str, reason: str
) -> None:
    assert told(violations(the_rules(a_rule(**changed)))) == [(f"rules.scenes[0].rules[0].{field}", reason)]


def test_what_is_at_its_bounds_is_right() -> None:
    rule = a_rule(
        ProportionalPoints(50, 1, "CNY"),
        rule_id="a" * 36,
        merchant_id="a" * 36,
        priority=-100,
        multipliers=(Multiplier(Fraction(2), ForHolders(GOLD)),),
        conditions=(HoldsAnyOf(GOLD), HoldsNoneOf(frozenset({"trial"})), PaidBetween("CNY")),
        caps=(Cap(MOST, Window.DAY), Cap(MOST, Window.DAY, Scope.EVERYBODY), Cap(1, Window.EVENT)),
        cooldown=Period(100, Unit.YEAR),
        expiry=FixedDates((date(2026, 12, 31), date(2027, 12, 31))),
    )
    assert violations(the_rules(rule)) == []


@pytest.mark.parametrize("combination", Combination)
def test_what_is_sound_never_gives_more_than_a_wallet_can_have(combination: Combination) -> None:
    multipliers = tuple(Multiplier(Fraction(2), ForHolders(GOLD)) for _ in range(16))
    largest = {Combination.MAX: 50, Combination.SUM_OF_BONUS: 5, Combination.PRODUCT: 0}[combination]
    rules = [
        a_rule(
            ProportionalPoints(largest or 100, 1 if largest else 2**16, "CNY"),
            rule_id=f"r{number}",
            multipliers=multipliers,
            combination=combination,
        )
        for number in range(MOST_RULES)
    ]
    assert violations(the_rules(*rules)) == []
    standing = EarningStanding(held_at_event=GOLD)
    event = an_order(MAX_AMOUNT)
    assert MOST / 5 < evaluate(the_rules(*rules), event, standing, START).points <= MOST
    more = replace(rules[0], multipliers=(*multipliers[:-1], Multiplier(Fraction(100), ForHolders(GOLD))))
    assert [each.reason for each in violations(the_rules(more))] == ["TOO_MUCH"]


def test_what_is_wrong_with_scenes_is_told_with_its_place() -> None:
    rules = EarningRules(
        ZONE,
        (
            Scene("Order.Paid", (a_rule(),)),
            Scene(SCENE, ()),
            Scene(SCENE, (a_rule(), a_rule(rule_id="other")), Mode.BEST),
            Scene("a" * 65, tuple(a_rule(rule_id=f"r{number}") for number in range(51))),
        ),
    )
    assert told(violations(rules, path="rules.programmes[3]")) == [
        ("rules.programmes[3].scenes[0].scene_id", "MALFORMED"),
        ("rules.programmes[3].scenes[1].rules", "OUT_OF_BOUNDS"),
        ("rules.programmes[3].scenes[3].scene_id", "MALFORMED"),
        ("rules.programmes[3].scenes[3].rules", "OUT_OF_BOUNDS"),
        ("rules.programmes[3].scenes", "TWICE"),
        ("rules.programmes[3].scenes", "TWICE"),
    ]


def test_there_are_not_more_scenes_than_anybody_can_look_at() -> None:
    scenes = tuple(Scene(f"s{number}", (a_rule(rule_id=f"r{number}"),)) for number in range(65))
    assert told(violations(EarningRules(ZONE, scenes))) == [("rules.scenes", "TOO_MANY")]


@pytest.mark.parametrize(
    ("after", "wrong"),
    [
        (a_rule(version=3), []),
        (a_rule(version=3, caps=(Cap(1, Window.DAY),)), ["NOT_HIGHER"]),
        (a_rule(version=2), ["NOT_HIGHER"]),
        (a_rule(version=4, caps=(Cap(1, Window.DAY),)), []),
        (a_rule(rule_id="new"), []),
    ],
)
def test_a_rule_that_changes_has_a_higher_version(after: EarningRule, wrong: list[str]) -> None:
    before = the_rules(a_rule(version=3))
    assert [each.reason for each in violations(the_rules(after), before)] == wrong


def test_a_rule_that_moves_to_another_scene_has_changed() -> None:
    before, after = the_rules(a_rule()), EarningRules(ZONE, (Scene("sign_in", (a_rule(),)),))
    assert told(violations(after, before)) == [("rules.scenes[0].rules[0].version", "NOT_HIGHER")]
