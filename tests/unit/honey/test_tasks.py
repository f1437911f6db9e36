"""AP-2: one reward for a version, a member and a period, however events come; progress never goes back."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.earning_conditions import ChannelIn, Condition, HoldsAnyOf, PaidBetween
from domain.honey.earning_events import Event, Item
from domain.honey.task_rules import (
    Benefit,
    Goal,
    MembershipDays,
    Paid,
    Points,
    Rhythm,
    TaskVersion,
    Times,
    in_force,
    most_events,
)
from domain.honey.tasks import (
    Progress,
    ProgressKey,
    TaskAdvanced,
    TaskCompleted,
    TaskEvent,
    advance,
    not_counted,
    progress_of,
    reward_id_of,
)
from domain.shared.instants import DAY, HOUR, Instant
from tests.unit.honey.naive_tasks import NaiveTask, Seen, label, values

SHANGHAI = "Asia/Shanghai"
GOLD = frozenset({"gold-year"})


def on(wall: str, zone: str = SHANGHAI) -> Instant:
    return int(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


START = on("2026-02-20")

GOALS = st.builds(Times, st.integers(1, 4)) | st.builds(
    Paid, st.integers(1, 40), st.just("CNY"), st.integers(1, 6)
)
CONDITIONS = st.lists(
    st.sampled_from([ChannelIn(frozenset({"app"})), HoldsAnyOf(GOLD)]), max_size=2, unique=True
)
TASKS = st.builds(
    TaskVersion,
    task_id=st.just("rides"),
    version=st.just(1),
    title=st.just("Ride"),
    scene=st.just("order.paid"),
    goal=GOALS,
    reward=st.just(Points(50)),
    opens=st.integers(0, 10).map(lambda days: START + days * DAY),
    closes=st.integers(11, 60).map(lambda days: START + days * DAY),
    rhythm=st.sampled_from(Rhythm),
    conditions=CONDITIONS.map(tuple),
    zone=st.sampled_from([SHANGHAI, "America/New_York", "Australia/Lord_Howe"]),
)


@st.composite
def deliveries(draw: st.DrawFn) -> list[Seen]:
    """At most twelve events, some of them more than once, in any order."""
    numbers = range(draw(st.integers(1, 12)))
    events = [
        Seen(
            event_id=f"e{number}",
            member=draw(st.sampled_from(["m1", "m1", "m2"])),
            scene=draw(st.sampled_from(["order.paid", "order.paid", "order.paid", "check.in"])),
            at=START + draw(st.integers(0, 62 * 24 * 2)) * HOUR // 2,
            channel=draw(st.sampled_from(["app", "app", "web"])),
            currency=draw(st.sampled_from(["CNY", "CNY", "USD"])),
            paid=draw(st.integers(0, 12)),
            holds_gold=draw(st.booleans()),
        )
        for number in numbers
    ]
    again = draw(st.lists(st.sampled_from(events), max_size=8))
    return draw(st.permutations(events + again))


def event_of(seen: Seen) -> Event:
    items = (Item("i", seen.paid),)
    return Event(
        seen.event_id, seen.member, seen.scene, seen.at, None, seen.channel, "", seen.currency, items
    )


def naive_of(task: TaskVersion) -> NaiveTask:
    goal, conditions = task.goal, task.conditions
    currency, least = (goal.currency, goal.least) if isinstance(goal, Paid) else ("", 0)
    channels = ("app",) if ChannelIn(frozenset({"app"})) in conditions else ()
    only_gold = HoldsAnyOf(GOLD) in conditions
    window = (task.opens, task.closes)
    return NaiveTask(
        task.scene, goal.target, currency, least, task.rhythm.value, *window, task.zone, channels, only_gold
    )


@dataclass
class Centre:
    """Keeps progress as a store would: one row a key."""

    task: TaskVersion
    rows: dict[ProgressKey, Progress] = field(default_factory=dict)
    told: list[TaskEvent] = field(default_factory=list)
    now: Instant = START

    def take(self, event: Event, held: frozenset[str] = frozenset()) -> Progress:
        new = progress_of("honey", self.task, event.member_id, event.occurred)
        progress, told = advance(self.task, self.rows.get(new.key, new), event, held, self.now)
        self.rows[new.key] = progress
        self.told += told
        return progress

    @property
    def rewards(self) -> list[TaskCompleted]:
        return [event for event in self.told if isinstance(event, TaskCompleted)]


@given(TASKS, deliveries())
def test_whatever_comes_however_often_the_progress_is_what_all_events_together_say(
    task: TaskVersion, seen: list[Seen]
) -> None:
    """AP-2."""
    centre = Centre(task)
    for each in seen:
        centre.take(event_of(each), GOLD if each.holds_gold else frozenset())
    counted = {
        (row.key.member_id, label(task.rhythm.value, row.key.period, task.zone)): row.value
        for row in centre.rows.values()
        if row.value
    }
    expected = values(naive_of(task), seen)
    assert counted == expected
    rewarded = [
        (event.key.member_id, label(task.rhythm.value, event.key.period, task.zone))
        for event in centre.rewards
    ]
    assert sorted(rewarded) == sorted(key for key, value in expected.items() if value == task.goal.target)
    assert len({event.reward_id for event in centre.rewards}) == len(centre.rewards)


@given(TASKS, deliveries(), st.randoms())
def test_the_order_in_which_events_come_does_not_matter(
    task: TaskVersion, seen: list[Seen], lot: Random
) -> None:
    """AP-2: the same values, and the same rewards by the same ids."""
    one, other = Centre(task), Centre(task)
    for centre, order in ((one, seen), (other, lot.sample(seen, len(seen)))):
        for each in order:
            centre.take(event_of(each), GOLD if each.holds_gold else frozenset())
    assert {key: row.value for key, row in one.rows.items()} == {
        key: row.value for key, row in other.rows.items()
    }
    assert {event.reward_id for event in one.rewards} == {event.reward_id for event in other.rewards}


@given(TASKS, deliveries())
def test_progress_never_goes_back_and_its_memory_is_bounded(task: TaskVersion, seen: list[Seen]) -> None:
    centre = Centre(task)
    for each in seen:
        new = progress_of("honey", task, each.member, each.at)
        before = centre.rows.get(new.key, new)
        after = centre.take(event_of(each), GOLD)
        assert before.value <= after.value <= task.goal.target
        assert before.completed is None or after == before
        assert len(after.counted) < most_events(task.goal)
        assert (after.completed is not None) is (after.value == task.goal.target)


RIDES = TaskVersion(
    "rides", 1, "Ride", "ride.ended", Times(2), Points(50), on("2026-03-01"), on("2026-05-01")
)


def ride(event_id: str, wall: str, member: str = "m1", channel: str = "", currency: str = "") -> Event:
    return Event(event_id, member, "ride.ended", on(wall), channel=channel, currency=currency)


def test_the_event_that_completes_a_task_brings_its_reward_once() -> None:
    centre = Centre(RIDES)
    first, second = ride("a", "2026-03-02"), ride("b", "2026-03-03")
    for event in (first, first, second, second, first):
        centre.take(event)
    done = centre.rows[ProgressKey("honey", "rides", 1, "m1", RIDES.opens)]
    assert (done.value, done.counted, done.completed) == (2, (), START)
    key = ProgressKey("honey", "rides", 1, "m1", RIDES.opens)
    assert centre.told == [
        TaskAdvanced(key, "a", 1, 2),
        TaskAdvanced(key, "b", 2, 2),
        TaskCompleted(key, "b", reward_id_of(done.key), Points(50), START),
    ]


@pytest.mark.parametrize("reward", [Points(1), Benefit("lounge"), MembershipDays("gold-year", 7)])
def test_a_reward_says_what_it_is(reward: Points | Benefit | MembershipDays) -> None:
    centre = Centre(replace(RIDES, goal=Times(1), reward=reward))
    centre.take(ride("a", "2026-03-02"))
    assert [event.reward for event in centre.rewards] == [reward]


def test_the_window_is_half_open() -> None:
    centre = Centre(replace(RIDES, goal=Times(9)))
    for number, at in enumerate([RIDES.opens - 1, RIDES.opens, RIDES.closes - 1, RIDES.closes]):
        centre.take(Event(f"e{number}", "m1", "ride.ended", at))
    assert [event.event_id for event in centre.told] == ["e1", "e2"]


def test_an_event_that_comes_late_counts_in_the_period_in_which_it_happened() -> None:
    """Also when that is over, and the next has its reward already."""
    centre = Centre(replace(RIDES, rhythm=Rhythm.DAY))
    for event_id, wall in [
        ("a", "2026-03-02T10:00"),
        ("b", "2026-03-03T10:00"),
        ("c", "2026-03-03T11:00"),
        ("d", "2026-03-02T23:59"),
    ]:
        centre.take(ride(event_id, wall))
    assert [event.key.period for event in centre.rewards] == [on("2026-03-03"), on("2026-03-02")]


@pytest.mark.parametrize(
    ("rhythm", "last", "first"),
    [
        (Rhythm.DAY, "2026-03-08T23:59:59", "2026-03-09"),
        (Rhythm.WEEK, "2026-03-08T23:59:59", "2026-03-09"),
        (Rhythm.MONTH, "2026-03-31T23:59:59", "2026-04-01"),
    ],
)
def test_a_period_begins_at_a_midnight_of_the_zone(rhythm: Rhythm, last: str, first: str) -> None:
    """8 March is the Sunday on which clocks go forward in New York: a day of 23 hours."""
    zone = "America/New_York"
    task = replace(RIDES, rhythm=rhythm, zone=zone)
    assert task.period(on(last, zone)) < task.period(on(first, zone)) == on(first, zone)
    if rhythm is Rhythm.DAY:
        assert on(first, zone) - task.period(on(last, zone)) == 23 * HOUR


def test_a_leap_day_is_a_day_of_its_month() -> None:
    task = replace(RIDES, rhythm=Rhythm.MONTH)
    assert task.period(on("2028-02-29T12:00")) == on("2028-02-01")
    assert replace(task, rhythm=Rhythm.DAY).period(on("2028-02-29T12:00")) == on("2028-02-29")


def test_what_is_below_the_least_or_in_another_currency_does_not_count() -> None:
    task = replace(RIDES, goal=Paid(100, "CNY", 30))
    centre = Centre(task)
    for number, (currency, paid) in enumerate([("CNY", 29), ("USD", 100), ("CNY", 30), ("CNY", 500)]):
        items = (Item("i", paid),)
        centre.take(Event(f"e{number}", "m1", task.scene, task.opens, currency=currency, items=items))
    assert [event.event_id for event in centre.told] == ["e2", "e3", "e3"]
    assert centre.rows[ProgressKey("honey", "rides", 1, "m1", task.opens)].value == 100


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (ride("a", "2026-03-02", channel="app"), ""),
        (replace(ride("a", "2026-03-02"), scene="check.in"), "scene is check.in"),
        (ride("a", "2026-05-01", channel="app"), "happened when the task was not open"),
        (ride("a", "2026-03-02", channel="web"), "channel is web"),
        (ride("known", "2026-03-02", channel="app"), "counted before"),
    ],
)
def test_why_an_event_does_not_count_is_said_in_words(event: Event, why: str) -> None:
    conditions: tuple[Condition, ...] = (ChannelIn(frozenset({"app"})),)
    task = replace(RIDES, conditions=conditions)
    progress = replace(progress_of("honey", task, "m1", task.opens), value=1, counted=("known",))
    assert not_counted(task, progress, event, frozenset()) == why


def test_nothing_counts_after_the_goal_is_reached() -> None:
    task = replace(RIDES, goal=Times(1))
    done = replace(progress_of("honey", task, "m1", task.opens), value=1, completed=START)
    assert not_counted(task, done, ride("b", "2026-03-02"), frozenset()) == "the goal was reached before"
    assert advance(task, done, ride("b", "2026-03-02"), frozenset(), START) == (done, [])


def test_an_amount_that_is_too_small_is_told() -> None:
    task = replace(RIDES, goal=Paid(100, "CNY", 30))
    progress = progress_of("honey", task, "m1", task.opens)
    assert not_counted(task, progress, ride("a", "2026-03-02", currency="CNY"), frozenset()) == "paid 0 CNY"


@pytest.mark.parametrize(
    "event", [ride("a", "2026-03-03"), ride("a", "2026-03-02", member="m2")], ids=["period", "member"]
)
def test_another_s_progress_is_not_advanced(event: Event) -> None:
    task = replace(RIDES, rhythm=Rhythm.DAY)
    with pytest.raises(ValueError, match="the event is of"):
        advance(task, progress_of("honey", task, "m1", on("2026-03-02")), event, frozenset(), START)


def test_the_last_version_that_had_opened_counts_and_no_older_one_comes_back() -> None:
    first = RIDES
    second = replace(RIDES, version=2, opens=on("2026-04-01"), closes=on("2026-04-10"))
    versions = [second, first]
    found = {
        day: in_force(versions, on(day)) for day in ("2026-02-28", "2026-03-01", "2026-04-01", "2026-04-10")
    }
    assert list(found.values()) == [None, first, second, None]
    assert in_force(versions, second.opens - 1) == first


def test_each_version_has_a_reward_of_its_own() -> None:
    second = replace(RIDES, version=2)
    at = RIDES.opens
    rewards = {
        reward_id_of(progress_of("honey", task, member, at).key)
        for task in (RIDES, second)
        for member in ("m1", "m2")
    }
    assert len(rewards) == 4
    assert {len(reward_id) for reward_id in rewards} == {32}


@pytest.mark.parametrize(
    ("goal", "most"),
    [(Times(3), 3), (Paid(100, "CNY", 30), 4), (Paid(90, "CNY", 30), 3), (Paid(5, "CNY", 9), 1)],
)
def test_so_many_events_suffice(goal: Goal, most: int) -> None:
    assert most_events(goal) == most


def test_a_condition_on_what_was_paid_is_met_at_its_bounds() -> None:
    task = replace(RIDES, conditions=(PaidBetween("CNY", 10, 20),), goal=Times(9))
    centre = Centre(task)
    for paid in (9, 10, 20, 21):
        items = (Item("i", paid),)
        centre.take(Event(f"e{paid}", "m1", task.scene, task.opens, currency="CNY", items=items))
    assert [event.event_id for event in centre.told] == ["e10", "e20"]
