"""HO-13: a member's tier is a function of the qualifying movements, and what was promised is kept."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.honey.qualifying import Movement
from domain.honey.tier_events import TierAtRisk, TierLowered, TierRaised, next_turn, tier_events
from domain.honey.tier_rules import (
    CalendarYear,
    Downgrade,
    Effect,
    RollingMonths,
    Tier,
    TierRules,
)
from domain.honey.tiers import preview, tier_at
from domain.shared.instants import DAY, Period, Unit
from tests.unit.honey.naive_tiers import NaiveRules, NaiveTiers, Told, midnight_of

THRESHOLDS = (0, 5, 9, 14)
FIRST = date(2023, 11, 20)
ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe")

RULES = st.builds(
    TierRules,
    tiers=st.just(tuple(Tier(f"tier{rung}", points) for rung, points in enumerate(THRESHOLDS))),
    window=st.just(CalendarYear()) | st.builds(RollingMonths, st.integers(1, 4)),
    effect=st.sampled_from(Effect),
    downgrade=st.sampled_from(Downgrade),
    grace=st.integers(0, 20).map(lambda days: Period(days, Unit.DAY)),
    zone=st.sampled_from(ZONES),
)
DAYS = st.integers(0, 200).map(lambda days: FIRST + timedelta(days=days))


@st.composite
def stories(draw: st.DrawFn) -> list[Told]:
    """Three to eight movements, near each other; many heard of late, some early, many taken back."""
    story, day = list[Told](), FIRST
    for _ in range(draw(st.integers(3, 8))):
        day += timedelta(days=draw(st.sampled_from([0, 1, 3, 8, 20, 45])))
        earnings = [told for told in story if told.points > 0]
        if draw(st.booleans()) and earnings:
            undone = draw(st.sampled_from(earnings))
            heard = max(day, undone.heard) + timedelta(days=draw(st.sampled_from([0, 10, 30, 60])))
            story.append(Told(-undone.points, day, heard, undone.happened))
        else:
            heard = day + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 30, -5])))
            story.append(Told(draw(st.integers(2, 10)), day, heard, day))
    return story


def movements_of(story: list[Told], zone: str) -> list[Movement]:
    return [
        Movement(
            told.points,
            midnight_of(told.happened, zone),
            midnight_of(told.heard, zone),
            None if told.earned == told.happened else midnight_of(told.earned, zone),
        )
        for told in story
    ]


def naive_of(rules: TierRules, story: list[Told]) -> NaiveTiers:
    down: dict[Downgrade, Callable[[int, int], int]] = {
        Downgrade.NONE: lambda rung, _: rung,
        Downgrade.ONE_STEP: lambda rung, _: max(rung - 1, 0),
        Downgrade.BY_BALANCE: lambda _, reached: reached,
    }
    months = rules.window.months if isinstance(rules.window, RollingMonths) else 0
    at_once = rules.effect is Effect.IMMEDIATE
    return NaiveTiers(
        NaiveRules(THRESHOLDS, months, at_once, down[rules.downgrade], rules.grace.count), story
    )


def busy_days(story: list[Told]) -> list[date]:
    """On which anything happened or was heard of."""
    return sorted({day for told in story for day in (told.happened, told.heard)})


@given(RULES, stories(), st.data())
def test_any_tier_is_as_if_each_day_were_looked_at_by_itself(
    rules: TierRules, story: list[Told], data: st.DataObject
) -> None:
    """HO-13."""
    movements, naive = movements_of(story, rules.zone), naive_of(rules, story)
    days = [*busy_days(story), data.draw(DAYS)]
    for known in (
        data.draw(st.sampled_from(days)),
        max(days) + timedelta(days=data.draw(st.integers(0, 60))),
    ):
        told = naive.told(known)
        for day in [day for day in days if day <= known] + [known]:
            status = tier_at(rules, movements, midnight_of(day, rules.zone), midnight_of(known, rules.zone))
            assert status.points == naive.points(day, known)
            assert status.rung == told.get(day, 0)


@given(RULES, stories(), st.randoms(), DAYS)
def test_the_order_of_movements_and_what_comes_later_do_not_matter(
    rules: TierRules, story: list[Told], lot: Random, day: date
) -> None:
    """HO-13: a function of the movements up to that time, whatever order they are in."""
    at = midnight_of(day, rules.zone)
    movements = movements_of(story, rules.zone)
    shuffled = lot.sample(movements, len(movements))
    later = Movement(1_000, at + 1, at)
    unheard = Movement(-1_000, at, at + 1)
    assert tier_at(rules, [*shuffled, later, unheard], at, at) == tier_at(rules, movements, at, at)


@given(RULES, stories())
def test_what_was_promised_is_kept_whatever_we_come_to_know(rules: TierRules, story: list[Told]) -> None:
    movements = movements_of(story, rules.zone)
    instants = [midnight_of(day, rules.zone) for day in busy_days(story)]
    for at in instants:
        told = tier_at(rules, movements, at, at)
        until = instants[-1] + 100 * DAY if told.until is None else told.until
        for then in [each for each in (*instants, until - 1) if at <= each < until]:
            known_at = max(then, instants[-1])
            assert tier_at(rules, movements, then, known_at).rung >= told.rung


@given(RULES, stories())
def test_knowing_more_never_lowers_what_was_told_of_a_past_instant(
    rules: TierRules, story: list[Told]
) -> None:
    movements = movements_of(story, rules.zone)
    instants = [midnight_of(day, rules.zone) for day in busy_days(story)]
    for at in instants:
        rungs = [tier_at(rules, movements, at, known_at).rung for known_at in instants if known_at >= at]
        assert rungs == sorted(rungs)


@given(RULES, stories(), st.lists(DAYS, min_size=3, max_size=3))
def test_it_does_not_matter_how_often_one_asks_what_is_to_be_told(
    rules: TierRules, story: list[Told], days: list[date]
) -> None:
    """HO-11, for tiers: the same events, of the same instants."""
    movements = movements_of(story, rules.zone)
    first, middle, last = sorted(midnight_of(day, rules.zone) for day in days)
    split = tier_events(rules, movements, first, middle) + tier_events(rules, movements, middle, last)
    assert split == tier_events(rules, movements, first, last)


@given(RULES, stories(), DAYS, DAYS)
def test_events_tell_every_change_and_nothing_else(
    rules: TierRules, story: list[Told], one: date, other: date
) -> None:
    """Never a tier lower without a word, and never before what was promised is over."""
    movements = movements_of(story, rules.zone)
    first, last = sorted(midnight_of(day, rules.zone) for day in (one, other))
    status = tier_at(rules, movements, first, first)
    tier_id, until = status.tier_id, status.until
    for event in tier_events(rules, movements, first, last):
        if isinstance(event, TierRaised | TierLowered):
            assert event.previous_tier_id == tier_id
            assert (event.tier_id > tier_id) is isinstance(event, TierRaised)
        else:
            assert event.tier_id == tier_id
        if isinstance(event, TierLowered):
            assert until is not None
            assert event.at >= until
        if isinstance(event, TierAtRisk):
            assert event.falls_to_tier_id < tier_id
        tier_id, until = event.tier_id, event.until
    assert tier_id == tier_at(rules, movements, last, last).tier_id


@given(RULES, stories(), DAYS, st.integers(1, 150))
def test_nothing_is_to_be_told_before_the_turn_that_was_named(
    rules: TierRules, story: list[Told], day: date, later: int
) -> None:
    now = midnight_of(day, rules.zone)
    movements = [each for each in movements_of(story, rules.zone) if each.recorded <= now]
    turn = next_turn(rules, movements, now)
    until = now + later * DAY if turn is None else turn - 1
    assert not tier_events(rules, movements, now, until)


@given(RULES, stories(), DAYS)
def test_so_many_points_as_are_missing_suffice(rules: TierRules, story: list[Told], day: date) -> None:
    movements, now = movements_of(story, rules.zone), midnight_of(day, rules.zone)
    status = tier_at(rules, movements, now, now)
    if rules.effect is Effect.IMMEDIATE and status.next_tier_id:
        assert preview(rules, movements, status.missing, now).rung > status.rung
        assert preview(rules, movements, status.missing - 1, now).rung == status.rung
