"""New rules: everything that is wrong with them has its place, everything that they change has words."""

from dataclasses import fields, replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.earning_awards import FixedPoints, ForCampaign, ForHolders, Multiplier
from domain.honey.earning_caps import Cap, Over, Scope
from domain.honey.earning_conditions import ChannelIn, HoldsAnyOf, HoldsNoneOf, MerchantIn, PaidBetween
from domain.honey.earning_expiry import FixedDates, Rolling, Sliding
from domain.honey.earning_rules import EarningRule, Mode, QuotedAt, Scene
from domain.honey.programme import HeldExpiry, Programme, Shortfall, WaiveBudget
from domain.honey.rule_changes import changes
from domain.honey.rules import NONE, Rules
from domain.honey.rules_check import violations
from domain.honey.task_rules import Benefit, MembershipDays, Paid, Points, TaskVersion, Times
from domain.honey.tier_rules import Downgrade, RollingMonths, Tier, TierRules
from domain.honey.windows import Window
from domain.honey.words import words
from domain.shared.instants import DAY, HOUR, SECOND, Period, Unit
from tests.unit.honey.earnings import SCENE, START, a_rule
from tests.unit.honey.rule_books import whole_programmes

GOLD = frozenset({"gold_year"})
TIERS = TierRules((Tier("base", 0), Tier("gold", 500)))
TASK = TaskVersion("rides", 1, "Ride", "ride.ended", Times(3), Points(50), START)
VIP = a_rule(rule_id="vip")
GIVES_NONE = a_rule(FixedPoints(0), version=2)
PROGRAMME = Programme("honey", scenes=(Scene(SCENE, (a_rule(), VIP)),), tiers=TIERS, tasks=(TASK,))
ELSEWHERE = replace(PROGRAMME, zone="Asia/Peking", tasks=())
NEXT_TASK = replace(TASK, version=2, opens=START + DAY)
AT = "rules.programmes[1]"


def found(after: Programme, before: Programme = PROGRAMME) -> list[tuple[str, str]]:
    """With another programme before it."""
    rules = Rules(1, {"other": Programme("other"), "honey": before})
    return [(each.field, each.reason) for each in violations(rules, [Programme("other"), after])]


def told(after: Programme, before: Programme = PROGRAMME) -> list[str]:
    """Without the programme, which each begins with."""
    lines = changes({"honey": before}, {"honey": after})
    assert all(line.startswith("programme honey: ") for line in lines)
    return [line.removeprefix("programme honey: ") for line in lines]


def a_scene(*rules: EarningRule, mode: Mode = Mode.FIRST_MATCH) -> Programme:
    return replace(PROGRAMME, scenes=(Scene(SCENE, rules, mode),))


def test_nothing_is_wrong_with_sound_ones_nor_with_those_that_are_in_force() -> None:
    assert violations(NONE, [PROGRAMME]) == []
    assert found(PROGRAMME) == []


@pytest.mark.parametrize(
    ("after", "wrong"),
    [
        (ELSEWHERE, [("zone", "ZONE_UNKNOWN"), ("zone", "ZONE_CHANGED")]),
        (replace(PROGRAMME, zone="UTC"), [("zone", "ZONE_CHANGED")]),
        (replace(PROGRAMME, notice=Period(367, Unit.DAY)), [("notice", "OUT_OF_BOUNDS")]),
        (replace(PROGRAMME, notice=Period(366, Unit.DAY)), []),
        (replace(PROGRAMME, notice=Period(1, Unit.YEAR)), []),
        (replace(PROGRAMME, notice=Period(13, Unit.MONTH)), [("notice", "OUT_OF_BOUNDS")]),
        (a_scene(GIVES_NONE), [("scenes[0].rules[0].award.fixed_points", "OUT_OF_BOUNDS")]),
        (a_scene(a_rule(FixedPoints(7))), [("scenes[0].rules[0].version", "NOT_HIGHER")]),
        (replace(PROGRAMME, scenes=()), []),
        (replace(PROGRAMME, tiers=None), [("tiers", "TIERS_LEFT_OUT")]),
        (replace(PROGRAMME, tiers=replace(TIERS, tiers=TIERS.tiers[:1])), [("tiers.tiers", "TIER_LEFT_OUT")]),
        (replace(PROGRAMME, tasks=()), [("tasks", "VERSION_LEFT_OUT")]),
        (replace(PROGRAMME, tasks=(replace(TASK, title="Walk"),)), [("tasks[0]", "VERSION_CHANGED")]),
    ],
)
def test_each_part_is_held_against_the_revision_before(
    after: Programme, wrong: list[tuple[str, str]]
) -> None:
    assert found(after) == [(f"{AT}.{field}", reason) for field, reason in wrong]


def test_a_new_programme_has_nothing_before_it() -> None:
    assert violations(NONE, [replace(PROGRAMME, zone="UTC")]) == []


def test_a_zone_may_change_as_long_as_nobody_has_begun_a_task() -> None:
    assert found(replace(PROGRAMME, zone="UTC", tasks=()), replace(PROGRAMME, tasks=())) == []


PARTS = [each.name for each in fields(Programme) if each.name not in ("programme_id", "zone")]


@given(whole_programmes(), whole_programmes(), st.sampled_from(PARTS))
def test_no_words_mean_no_change(before: Programme, other: Programme, part: str) -> None:
    after = replace(before, **{part: getattr(other, part)})
    assert bool(told(after, before)) == (after != before)


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (replace(PROGRAMME, held_expiry=HeldExpiry.STRICT), ["held_expiry HONOUR -> STRICT"]),
        (replace(PROGRAMME, shortfall=Shortfall.TAKE_OTHER_LOTS), ["shortfall DEBT -> TAKE_OTHER_LOTS"]),
        (replace(PROGRAMME, longest_hold=SECOND // 2), ["longest_hold 2592000 s -> 1/2 s"]),
        (replace(PROGRAMME, reinstatement_window=DAY), ["reinstatement_window 0 s -> 86400 s"]),
        (replace(PROGRAMME, notice=Period(7, Unit.DAY)), ["notice none -> 7 DAY"]),
        (
            replace(PROGRAMME, shortfall=Shortfall.WAIVE, waive_budget=WaiveBudget(500, Window.MONTH)),
            ["shortfall DEBT -> WAIVE", "waive_budget none -> 500 points by MONTH"],
        ),
        (replace(PROGRAMME, scenes=()), [f"scene {SCENE} is removed"]),
        (replace(PROGRAMME, scenes=(*PROGRAMME.scenes, Scene("walk", ()))), ["scene walk is new"]),
        (
            a_scene(a_rule(version=2, caps=(Cap(5, Window.DAY),)), a_rule(rule_id="vip"), mode=Mode.BEST),
            [
                f"scene {SCENE}: mode FIRST_MATCH -> BEST",
                f"scene {SCENE}: rule base 1 -> 2: caps none -> 5 points by DAY and MEMBER, then CUT",
            ],
        ),
        (a_scene(a_rule(version=2), VIP), [f"scene {SCENE}: rule base 1 -> 2: nothing else"]),
        (
            a_scene(a_rule(rule_id="new", version=4), a_rule()),
            [f"scene {SCENE}: rule new 4 is new, at place 1", f"scene {SCENE}: rule vip is removed"],
        ),
        (a_scene(VIP, a_rule()), [f"scene {SCENE}: rules in the order base, vip -> vip, base"]),
        (replace(PROGRAMME, tiers=None), ["tiers are removed"]),
        (
            replace(PROGRAMME, tiers=replace(TIERS, window=RollingMonths(6), downgrade=Downgrade.NONE)),
            ["tiers: window calendar year -> 6 months rolling", "tiers: downgrade BY_BALANCE -> NONE"],
        ),
        (
            replace(PROGRAMME, tiers=TierRules((Tier("base", 0), Tier("silver", 100), Tier("gold", 600)))),
            ["tier gold: threshold 500 -> 600", "tier silver is new"],
        ),
        (replace(PROGRAMME, tasks=(TASK, NEXT_TASK)), ["task rides 2 is new"]),
        (
            replace(PROGRAMME, tasks=(replace(TASK, closes=START + DAY, goal=Paid(500, "CNY", 100)),)),
            [
                "task rides 1: goal 3 times -> 500 minor CNY by events of 100 or more",
                "task rides 1: close_time none -> 2026-11-23T02:00:00Z",
            ],
        ),
    ],
)
def test_what_changes_is_told_in_words(after: Programme, lines: list[str]) -> None:
    assert told(after) == lines


def test_a_programme_that_comes_and_tiers_that_come_are_told() -> None:
    assert changes({}, {"honey": PROGRAMME}) == ["programme honey is new"]
    assert told(PROGRAMME, replace(PROGRAMME, tiers=None)) == ["tiers are new"]


CHANGED: list[tuple[dict[str, Any], str]] = [
    ({"award": FixedPoints(7)}, "award 1 points for 100 minor CNY -> 7 points"),
    (
        {"conditions": (HoldsAnyOf(GOLD), HoldsNoneOf(frozenset({"trial", "student"})))},
        "conditions none -> holds gold_year; does not hold student or trial",
    ),
    (
        {"conditions": (ChannelIn(frozenset({"app"})), MerchantIn(frozenset({"shop"})))},
        "conditions none -> channel is app; merchant is shop",
    ),
    ({"conditions": (PaidBetween("CNY", 5, 9),)}, "conditions none -> paid 5 to 9 minor CNY"),
    (
        {"multipliers": (Multiplier(Fraction(3, 2), ForHolders(GOLD)),)},
        "multipliers none -> 1.5 times for holders of gold_year",
    ),
    (
        {"multipliers": (Multiplier(Fraction(2), ForCampaign("double_twelve", START, START + HOUR)),)},
        "multipliers none -> 2 times for double_twelve from 2026-11-22T02:00:00Z to 2026-11-22T03:00:00Z",
    ),
    (
        {"caps": (Cap(9, Window.LIFETIME, Scope.EVERYBODY, Over.REJECT),)},
        "caps none -> 9 points by LIFETIME and EVERYBODY, then REJECT",
    ),
    ({"cooldown": Period(2, Unit.HOUR)}, "cooldown none -> 2 HOUR"),
    (
        {"expiry": Rolling(Period(1, Unit.YEAR), Window.QUARTER)},
        "expiry none -> 1 YEAR to the end of the QUARTER",
    ),
    ({"expiry": Sliding(Period(6, Unit.MONTH))}, "expiry none -> 6 MONTH after the last activity"),
    (
        {"expiry": FixedDates((date(2026, 12, 31), date(2027, 12, 31)))},
        "expiry none -> through 2026-12-31 or 2027-12-31",
    ),
    ({"merchant_id": "shop"}, "merchant_id none -> shop"),
    ({"priority": -5}, "priority 0 -> -5"),
    ({"quoted_at": QuotedAt.EVENT}, "quoted_at ORDER -> EVENT"),
    ({"starts": START}, "start_time none -> 2026-11-22T02:00:00Z"),
    ({"ends": START}, "end_time none -> 2026-11-22T02:00:00Z"),
]


@pytest.mark.parametrize(("changed", "line"), CHANGED)
def test_each_field_of_a_rule_has_words(changed: dict[str, Any], line: str) -> None:
    before, after = a_scene(a_rule()), a_scene(a_rule(version=2, **changed))
    assert told(after, before) == [f"scene {SCENE}: rule base 1 -> 2: {line}"]


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        (Points(50), "50 points"),
        (Points(50, Sliding(Period(1, Unit.YEAR))), "50 points, 1 YEAR after the last activity"),
        (Benefit("coffee"), "benefit coffee"),
        (MembershipDays("trial", 7), "7 days of trial"),
    ],
)
def test_each_reward_has_words(reward: object, said: str) -> None:
    assert words(reward) == said


def test_what_has_no_words_is_not_passed_over() -> None:
    with pytest.raises(TypeError, match="no words"):
        words(object())
