"""From when and until when earned points can be spent, and where windows of the calendar begin."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.honey.earning_expiry import Expiry, FixedDates, Rolling, Sliding, expires, prolonged, slid
from domain.honey.verdicts import Outcome
from domain.honey.windows import Window, start_of, turn_of
from domain.shared.instants import (
    DAY,
    LATEST,
    Instant,
    Period,
    Unit,
    at_local,
    local_date,
    midnight,
    midnight_after,
)
from tests.unit.honey.earnings import START, ZONE, Books, a_rule, an_order, the_rules

YEAR, MONTH, WEEK = Period(1, Unit.YEAR), Period(1, Unit.MONTH), Period(7, Unit.DAY)


def of(day: str, clock: time = time(10), zone: str = ZONE) -> Instant:
    return at_local(date.fromisoformat(day), clock, zone)


@pytest.mark.parametrize(
    ("expiry", "active_from", "last_day"),
    [
        (Rolling(WEEK), "2026-11-22", "2026-11-29"),
        (Rolling(MONTH), "2026-01-31", "2026-02-28"),
        (Rolling(MONTH, Window.MONTH), "2026-11-22", "2026-12-31"),
        (Rolling(MONTH, Window.QUARTER), "2026-11-22", "2026-12-31"),
        (Rolling(Period(2, Unit.MONTH), Window.QUARTER), "2026-11-22", "2027-03-31"),
        (Rolling(YEAR, Window.YEAR), "2026-11-22", "2027-12-31"),
        (Rolling(YEAR), "2024-02-29", "2025-02-28"),
        (FixedDates((date(2026, 6, 30), date(2026, 12, 31))), "2026-11-22", "2026-12-31"),
        (FixedDates((date(2026, 11, 22), date(2026, 12, 31))), "2026-11-22", "2026-11-22"),
        (Sliding(WEEK), "2026-11-22", "2026-11-29"),
    ],
)
def test_points_can_be_used_through_the_end_of_a_day(expiry: Expiry, active_from: str, last_day: str) -> None:
    ends = expires(expiry, of(active_from), ZONE)
    assert ends is not None
    assert local_date(ends - 1, ZONE).isoformat() == last_day
    assert ends == midnight(local_date(ends, ZONE), ZONE)


def test_a_period_that_ends_where_a_month_does_is_not_rounded_any_further() -> None:
    assert expires(Rolling(MONTH, Window.MONTH), of("2026-11-01", time()), ZONE) == of("2026-12-01", time())


def test_without_expiry_points_live_for_ever() -> None:
    assert expires(None, START, ZONE) is None


def test_a_day_that_starts_at_one_o_clock_ends_the_one_before() -> None:
    """In Havana the clocks go from midnight to one on 8 March 2026."""
    zone = "America/Havana"
    ends = expires(Rolling(Period(1, Unit.DAY)), of("2026-03-06", time(12), zone), zone)
    assert ends == of("2026-03-08", time(1), zone)
    assert start_of(Window.DAY, of("2026-03-08", time(12), zone), zone) == ends


def test_points_are_pending_for_the_return_window_and_live_from_its_end() -> None:
    rule = a_rule(return_window=WEEK, expiry=Rolling(MONTH))
    (earning,) = Books(the_rules(rule)).record(an_order(1000)).earnings
    assert earning.active_from == START + 7 * DAY
    assert earning.expires == of("2026-12-30", time())


def test_an_event_that_comes_late_gives_what_it_would_have_given_in_time() -> None:
    rules = the_rules(a_rule(return_window=WEEK, expiry=Rolling(MONTH)))
    in_time = Books(rules).record(an_order(1000))
    assert Books(rules).record(an_order(1000), START + 30 * DAY) == in_time


def test_points_that_would_have_expired_already_are_not_given() -> None:
    rules = the_rules(a_rule(expiry=Rolling(WEEK)))
    ends = expires(Rolling(WEEK), START, ZONE)
    assert ends is not None
    assert Books(rules).record(an_order(1000), ends - 1).points == 10
    (verdict,) = Books(rules).record(an_order(1000), ends).verdicts
    assert verdict.outcome is Outcome.TOO_LATE


def test_dates_that_are_all_over_give_no_points() -> None:
    rules = the_rules(a_rule(expiry=FixedDates((date(2026, 11, 25),)), return_window=WEEK))
    (verdict,) = Books(rules).record(an_order(1000)).verdicts
    assert verdict.outcome is Outcome.TOO_LATE


def test_who_is_active_again_keeps_points_for_longer() -> None:
    known = expires(Sliding(WEEK), START, ZONE)
    assert known is not None
    assert prolonged(WEEK, known, START + DAY, ZONE) == known + DAY
    assert prolonged(WEEK, known, START - DAY, ZONE) == known
    assert prolonged(WEEK, known, known - 1, ZONE) == known + 7 * DAY
    assert prolonged(WEEK, known, known, ZONE) == known


@given(
    st.integers(0, 4 * 10**15),
    st.integers(0, DAY),
    st.builds(Period, st.integers(1, 40), st.sampled_from([Unit.DAY, Unit.MONTH, Unit.YEAR])),
    st.sampled_from([ZONE, "America/Havana", "UTC"]),
)
def test_being_active_again_on_a_day_changes_nothing(
    active: Instant, later: int, period: Period, zone: str
) -> None:
    again = min(active + later, midnight_after(active, zone) - 1)
    assert slid(period, active, zone) == slid(period, again, zone) > again
    assert slid(period, midnight_after(active, zone), zone) >= slid(period, active, zone)


def test_what_slides_to_the_end_of_all_calendars_stays_there() -> None:
    assert slid(YEAR, LATEST, ZONE) == slid(Period(100, Unit.YEAR), LATEST - 366 * DAY, ZONE) == LATEST


@pytest.mark.parametrize(
    ("window", "start", "turn"),
    [
        (Window.DAY, "2026-11-22", "2026-11-23"),
        (Window.WEEK, "2026-11-16", "2026-11-23"),
        (Window.MONTH, "2026-11-01", "2026-12-01"),
        (Window.QUARTER, "2026-10-01", "2027-01-01"),
        (Window.YEAR, "2026-01-01", "2027-01-01"),
    ],
)
def test_windows_start_where_the_calendar_of_the_zone_says(window: Window, start: str, turn: str) -> None:
    assert start_of(window, START, ZONE) == of(start, time())
    assert turn_of(window, START, ZONE) == of(turn, time())
    assert turn_of(window, of(turn, time()), ZONE) == of(turn, time())


@given(st.sampled_from(Window), st.integers(0, 4 * 10**15), st.sampled_from([ZONE, "America/Havana", "UTC"]))
def test_an_instant_and_the_start_of_its_window_are_in_one_window(
    window: Window, at: Instant, zone: str
) -> None:
    start = start_of(window, at, zone)
    assert 0 <= start <= at
    assert start_of(window, start, zone) == start
