"""Everything that is wrong with tasks is said at once, each with its path."""

from dataclasses import replace

import pytest

from domain.honey.earning_conditions import ChannelIn, PaidBetween
from domain.honey.earning_expiry import Sliding
from domain.honey.task_check import violations
from domain.honey.task_rules import Benefit, Goal, MembershipDays, Paid, Points, Reward, TaskVersion, Times
from domain.shared.instants import Period, Unit

SOUND = TaskVersion("rides", 1, "Ride", "ride.ended", Times(3), Points(50), 100, 200)
NEXT = replace(SOUND, version=2, opens=150)


def found(*versions: TaskVersion, before: tuple[TaskVersion, ...] = ()) -> set[tuple[str, str]]:
    return {(each.field, each.reason) for each in violations(before, versions)}


def test_nothing_is_wrong_with_sound_ones() -> None:
    assert not found()
    assert not found(SOUND, NEXT, replace(SOUND, task_id="rides.2", goal=Paid(20_000, "CNY", 100)))
    assert not found(SOUND, NEXT, before=(SOUND,))


def test_every_field_is_judged() -> None:
    bad = replace(
        SOUND,
        task_id="rides of m",
        title="",
        scene="",
        closes=100,
        conditions=(ChannelIn(frozenset()), *(PaidBetween("CNY") for _ in range(8))),
    )
    assert found(bad) == {
        ("tasks[0].task_id", "MALFORMED"),
        ("tasks[0].title", "OUT_OF_BOUNDS"),
        ("tasks[0].scene", "REQUIRED"),
        ("tasks[0].close_time", "NOT_AFTER_OPEN_TIME"),
        ("tasks[0].conditions", "TOO_MANY"),
        ("tasks[0].conditions[0].channel_in.channels", "OUT_OF_BOUNDS"),
    }


@pytest.mark.parametrize(
    ("goal", "field", "reason"),
    [
        (Times(0), "times", "OUT_OF_BOUNDS"),
        (Times(201), "times", "OUT_OF_BOUNDS"),
        (Paid(0, "CNY", 1), "paid.target_minor", "OUT_OF_BOUNDS"),
        (Paid(10**12 + 1, "CNY", 10**12), "paid.target_minor", "OUT_OF_BOUNDS"),
        (Paid(100, "CNY", 0), "paid.least_minor", "OUT_OF_BOUNDS"),
        (Paid(201, "CNY", 1), "paid.least_minor", "TOO_MANY_EVENTS"),
        (Paid(100, "yuan", 1), "paid.currency", "MALFORMED"),
    ],
)
def test_a_goal_is_reached_by_a_bounded_number_of_events(goal: Goal, field: str, reason: str) -> None:
    assert found(replace(SOUND, goal=goal)) == {(f"tasks[0].goal.{field}", reason)}


@pytest.mark.parametrize(
    ("reward", "field", "reason"),
    [
        (Points(0), "points", "OUT_OF_BOUNDS"),
        (Points(10**14 + 1), "points", "OUT_OF_BOUNDS"),
        (Points(1, Sliding(Period(0, Unit.DAY))), "points_expiry.sliding.period", "OUT_OF_BOUNDS"),
        (Benefit(""), "benefit_id", "REQUIRED"),
        (MembershipDays("", 1), "membership_days.sku_id", "REQUIRED"),
        (MembershipDays("gold-year", 367), "membership_days.days", "OUT_OF_BOUNDS"),
    ],
)
def test_a_reward_is_something(reward: Reward, field: str, reason: str) -> None:
    assert found(replace(SOUND, reward=reward)) == {(f"tasks[0].reward.{field}", reason)}


def test_versions_follow_each_other() -> None:
    assert found(NEXT) == {("tasks[0].version", "NOT_NEXT")}
    assert found(SOUND, SOUND) == {
        ("tasks[1].version", "NOT_NEXT"),
        ("tasks[1].open_time", "NOT_AFTER_VERSION_BEFORE"),
    }
    assert found(SOUND, replace(NEXT, opens=100)) == {("tasks[1].open_time", "NOT_AFTER_VERSION_BEFORE")}


def test_what_members_may_have_begun_does_not_change_and_is_not_left_out() -> None:
    assert found(SOUND, replace(NEXT, title="Walk"), before=(SOUND, NEXT)) == {
        ("tasks[1]", "VERSION_CHANGED")
    }
    assert found(SOUND, before=(SOUND, NEXT)) == {("tasks", "VERSION_LEFT_OUT")}


def test_there_are_not_more_than_a_thousand() -> None:
    many = [replace(SOUND, task_id=f"t{number}") for number in range(1_001)]
    assert found(*many) == {("tasks", "TOO_MANY")}
