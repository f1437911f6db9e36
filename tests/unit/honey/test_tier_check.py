"""Everything that is wrong with tiers is said at once, each with its path."""

from dataclasses import replace

import pytest

from domain.honey.tier_check import violations
from domain.honey.tier_rules import CalendarYear, Downgrade, RollingMonths, Tier, TierRules, Window
from domain.shared.instants import Period, Unit

SOUND = TierRules((Tier("base", 0), Tier("silver", 100), Tier("gold", 500)))


def found(rules: TierRules, before: TierRules | None = None) -> set[tuple[str, str]]:
    return {(each.field, each.reason) for each in violations(before, rules, "rules.programmes[0].tiers")}


def at(field: str, reason: str) -> tuple[str, str]:
    return f"rules.programmes[0].tiers.{field}", reason


def test_nothing_is_wrong_with_sound_ones() -> None:
    assert not found(SOUND)
    assert not found(SOUND, SOUND)
    assert not found(replace(SOUND, window=RollingMonths(1), grace=Period(27, Unit.DAY)))


def test_the_ladder_ascends_from_zero_and_its_ids_differ() -> None:
    ladder = (Tier("base", 1), Tier("base", 1), Tier("", 2**53), Tier("g" * 37, 7))
    assert found(replace(SOUND, tiers=ladder)) == {
        at("tiers[0].threshold", "NOT_ZERO"),
        at("tiers[1].tier_id", "TWICE"),
        at("tiers[1].threshold", "NOT_ASCENDING"),
        at("tiers[2].tier_id", "OUT_OF_BOUNDS"),
        at("tiers[2].threshold", "OUT_OF_BOUNDS"),
        at("tiers[3].tier_id", "OUT_OF_BOUNDS"),
        at("tiers[3].threshold", "NOT_ASCENDING"),
    }


@pytest.mark.parametrize("count", [0, 21])
def test_a_ladder_has_one_to_twenty_rungs(count: int) -> None:
    assert found(replace(SOUND, tiers=tuple(Tier(f"t{n}", n) for n in range(count)))) == {
        at("tiers", "OUT_OF_BOUNDS")
    }


def test_no_tier_is_left_out_that_somebody_may_have() -> None:
    assert found(replace(SOUND, tiers=SOUND.tiers[:2]), SOUND) == {at("tiers", "TIER_LEFT_OUT")}


@pytest.mark.parametrize(
    ("window", "grace", "reason"),
    [
        (CalendarYear(), Period(1, Unit.HOUR), "UNIT_NOT_ALLOWED"),
        (CalendarYear(), Period(-1, Unit.DAY), "OUT_OF_BOUNDS"),
        (CalendarYear(), Period(336, Unit.DAY), "OUT_OF_BOUNDS"),
        (RollingMonths(1), Period(28, Unit.DAY), "OUT_OF_BOUNDS"),
        (RollingMonths(2), Period(2, Unit.MONTH), "OUT_OF_BOUNDS"),
    ],
)
def test_a_grace_is_over_before_the_next_can_begin(window: Window, grace: Period, reason: str) -> None:
    assert found(replace(SOUND, window=window, grace=grace)) == {at("grace", reason)}


def test_where_no_tier_is_lost_there_is_no_grace() -> None:
    rules = replace(SOUND, downgrade=Downgrade.NONE, grace=Period(1, Unit.DAY))
    assert found(rules) == {at("grace", "NOTHING_TO_PUT_OFF")}


@pytest.mark.parametrize("months", [0, 37])
def test_a_window_has_one_to_thirty_six_months(months: int) -> None:
    assert at("window.rolling_months", "OUT_OF_BOUNDS") in found(replace(SOUND, window=RollingMonths(months)))
