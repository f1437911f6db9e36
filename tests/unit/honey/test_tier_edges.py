"""HO-13 at its edges: leap days, clocks that go forward, boundaries to the microsecond, what is told late."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from domain.honey.qualifying import Movement
from domain.honey.tier_events import (
    TierAtRisk,
    TierKept,
    TierLowered,
    TierRaised,
    next_turn,
    tier_events,
)
from domain.honey.tier_history import Promise
from domain.honey.tier_rules import Downgrade, Effect, RollingMonths, Tier, TierRules, Window
from domain.honey.tiers import TierStatus, preview, tier_at
from domain.shared.instants import DAY, EARLIEST, HOUR, Instant, Period, Unit

SHANGHAI = "Asia/Shanghai"
TIERS = (Tier("base", 0), Tier("silver", 100), Tier("gold", 500))
YEARLY = TierRules(TIERS)
ROLLING = TierRules(TIERS, RollingMonths(12))


def on(wall: str, zone: str = SHANGHAI) -> Instant:
    moment = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1_000_000


def earned(points: int, wall: str, heard: str = "") -> Movement:
    return Movement(points, on(wall), on(heard or wall))


def undone(points: int, wall: str, heard: str, of: str) -> Movement:
    return Movement(-points, on(wall), on(heard), on(of))


def now(rules: TierRules, movements: list[Movement], at: Instant) -> TierStatus:
    return tier_at(rules, movements, at, at)


def test_who_has_no_points_has_the_first_tier_for_ever() -> None:
    for rules in (YEARLY, ROLLING):
        status = now(rules, [], on("2026-05-01"))
        assert (status.tier_id, status.since, status.until) == ("base", EARLIEST, None)
        assert (status.next_tier_id, status.missing) == ("silver", 100)
        assert next_turn(rules, [], on("2026-05-01")) is None


def test_a_tier_begins_with_the_movement_that_reaches_it_and_not_a_microsecond_before() -> None:
    movements = [earned(60, "2026-02-01"), earned(40, "2026-03-01")]
    reached = on("2026-03-01")
    assert now(YEARLY, movements, reached - 1).tier_id == "base"
    status = now(YEARLY, movements, reached)
    assert (status.tier_id, status.since, status.until) == ("silver", reached, on("2027-01-01"))
    assert (status.next_tier_id, status.missing) == ("gold", 400)


def test_points_of_the_last_instant_of_a_year_count_in_it_and_those_of_the_next_in_the_next() -> None:
    """A year of points decides the next one: so the tier lasts through all of that."""
    turn = on("2027-01-01")
    old, new = [Movement(100, turn - 1, turn - 1)], [Movement(100, turn, turn)]
    assert now(YEARLY, old, turn - 1).until == turn
    assert (now(YEARLY, old, turn).tier_id, now(YEARLY, old, turn).points) == ("silver", 0)
    assert now(YEARLY, old, on("2028-01-01")).tier_id == "base"
    assert now(YEARLY, new, turn).until == on("2028-01-01") == now(YEARLY, new, turn).period_end


def test_points_of_a_leap_day_count_through_the_last_of_february() -> None:
    movements = [earned(100, "2024-02-29T12:00")]
    end = on("2025-02-28T12:00")
    assert now(ROLLING, movements, end - 1).points == 100
    assert now(ROLLING, movements, end).points == 0
    assert now(ROLLING, movements, end).period_start == end
    assert now(ROLLING, movements, end).period_end == on("2026-02-28T12:00")
    # Calendar time from the first movement, not from where the last period was clamped to.
    assert now(ROLLING, movements, on("2028-03-01")).period_start == on("2028-02-29T12:00")


def test_points_count_as_long_as_the_calendar_says_where_clocks_change() -> None:
    zone = "America/New_York"
    rules = TierRules(TIERS, RollingMonths(1), zone=zone)
    at = on("2026-02-08T02:30", zone)
    movements = [Movement(100, at, at)]
    # 2026-03-08 02:30 does not exist there: the first instant after the gap is 03:00.
    gap = on("2026-03-08T03:00", zone)
    assert gap - at == 28 * DAY - HOUR // 2
    assert now(rules, movements, gap - 1).points == 100
    assert now(rules, movements, gap).points == 0
    assert now(rules, movements, gap).period_end == on("2026-04-08T02:30", zone)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Apia", "America/Sao_Paulo"])
def test_a_year_begins_at_the_midnight_of_its_zone(zone: str) -> None:
    rules = TierRules(TIERS, zone=zone)
    turn = on("2012-01-01", zone)
    movements = [Movement(100, turn - 1, turn - 1)]
    assert now(rules, movements, turn - 1).points == 100
    assert now(rules, movements, turn).points == 0


def test_in_the_next_period_means_not_before() -> None:
    rules = TierRules(TIERS, effect=Effect.NEXT_PERIOD)
    movements = [earned(500, "2026-03-01"), undone(1, "2026-04-01", "2026-04-01", "2026-03-01")]
    status = now(rules, movements[:1], on("2026-03-02"))
    assert (status.tier_id, TIERS[status.following].tier_id, status.missing) == ("base", "gold", 0)
    assert now(rules, movements, on("2026-12-31")).tier_id == "base"
    assert now(rules, movements, on("2027-01-01")).tier_id == "silver"


def test_a_tier_is_lost_as_the_programme_says() -> None:
    movements = [earned(500, "2025-03-01")]
    lost = {
        downgrade: [now(TierRules(TIERS, downgrade=downgrade), movements, on(day)).tier_id for day in days]
        for downgrade in Downgrade
        for days in [("2026-12-31", "2027-01-01", "2028-01-01", "2029-01-01")]
    }
    assert lost == {
        Downgrade.NONE: ["gold", "gold", "gold", "gold"],
        Downgrade.ONE_STEP: ["gold", "silver", "base", "base"],
        Downgrade.BY_BALANCE: ["gold", "base", "base", "base"],
    }
    assert now(TierRules(TIERS, downgrade=Downgrade.NONE), movements, on("2026-12-31")).until is None


def test_a_grace_begins_where_the_period_ends_and_points_in_it_save_the_tier() -> None:
    rules = TierRules(TIERS, grace=Period(1, Unit.MONTH))
    movements = [earned(100, "2025-03-01")]
    end = on("2027-02-01")
    assert now(rules, movements, on("2026-06-01")).until == end
    assert now(rules, movements, on("2027-01-15")).until == end
    assert (now(rules, movements, end - 1).tier_id, now(rules, movements, end).tier_id) == ("silver", "base")
    saved = [*movements, Movement(100, end - 1, end - 1)]
    assert now(rules, saved, end).tier_id == "silver"
    assert now(rules, saved, end).until == on("2028-02-01")
    assert now(rules, saved, end).since == on("2025-03-01")


BOTH: list[tuple[Window, str]] = [(YEARLY.window, "2027-01-01"), (ROLLING.window, "2027-02-01")]


@pytest.mark.parametrize(("window", "end"), BOTH)
def test_what_is_taken_back_inside_a_promised_period_is_told_and_taken_at_its_end(
    window: Window, end: str
) -> None:
    rules = TierRules(TIERS, window)
    bought, returned = earned(500, "2026-02-01"), undone(450, "2026-04-01", "2026-04-01", "2026-02-01")
    turn = on(end)
    assert tier_events(rules, [bought, returned], on("2026-01-01"), turn - 1) == [
        TierRaised("gold", "base", on("2026-02-01"), turn),
        TierAtRisk("gold", "base", on("2026-04-01"), turn),
    ]
    assert tier_events(rules, [bought, returned], turn - 1, turn) == [TierLowered("base", "gold", turn, None)]


def test_a_reversal_told_late_takes_nothing_that_was_promised() -> None:
    """It happened in the year before, whose points had decided this one."""
    bought, returned = earned(500, "2025-12-20"), undone(500, "2025-12-27", "2026-02-10", "2025-12-20")
    movements, heard, turn = [bought, returned], on("2026-02-10"), on("2027-01-01")
    assert now(YEARLY, movements, heard).tier_id == "gold"
    assert now(YEARLY, movements, heard).supported == 0
    assert now(YEARLY, movements, turn - 1).tier_id == "gold"
    assert now(YEARLY, movements, turn).tier_id == "base"
    assert tier_events(YEARLY, movements, heard - 1, turn) == [
        TierAtRisk("gold", "base", heard, turn),
        TierLowered("base", "gold", turn, None),
    ]
    # Had we known in time, there would have been no promise for the year.
    in_time = [bought, undone(500, "2025-12-27", "2025-12-27", "2025-12-20")]
    assert now(YEARLY, in_time, on("2026-01-01")).tier_id == "base"


def test_a_reversal_told_after_the_period_takes_nothing_of_the_next() -> None:
    """Nothing else happened between: only a period began, and was decided by what was known."""
    rules = TierRules(TIERS, RollingMonths(2))
    first, bought = earned(1, "2025-01-15"), earned(500, "2026-01-14")
    returned = undone(500, "2026-01-14T18:00", "2026-01-20", "2026-01-14")
    movements, turn = [first, bought, returned], on("2026-03-15")
    assert now(rules, movements, on("2026-01-15")).until == turn
    assert now(rules, movements, on("2026-01-20")).supported == 0
    assert now(rules, movements, turn - 1).tier_id == "gold"
    assert now(rules, movements, turn).tier_id == "base"


def test_a_movement_told_late_does_not_move_the_periods() -> None:
    rules = TierRules(TIERS, RollingMonths(12))
    known, late = earned(500, "2026-02-01"), earned(1, "2025-08-01", heard="2026-05-01")
    told = now(rules, [known], on("2026-03-01"))
    assert told.until == on("2027-02-01")
    seen = now(rules, [late, known], on("2026-06-01"))
    assert (seen.until, seen.period_start) == (told.until, on("2026-02-01"))


def test_a_tier_that_the_next_period_begins_with_anyway_is_not_at_risk() -> None:
    rules = TierRules(TIERS, effect=Effect.NEXT_PERIOD)
    bought, returned = earned(100, "2025-12-20"), undone(100, "2025-12-27", "2026-02-10", "2025-12-20")
    movements, heard = [bought, returned, earned(500, "2026-01-05")], on("2026-02-10")
    assert (now(rules, movements, heard).tier_id, now(rules, movements, heard).supported) == ("silver", 0)
    assert not now(rules, movements, heard).is_at_risk
    assert not tier_events(rules, movements, heard - 1, heard)


def test_one_step_down_is_counted_from_the_tier_that_the_member_had() -> None:
    rules = TierRules(TIERS, downgrade=Downgrade.ONE_STEP)
    movements = [earned(500, "2025-12-20"), undone(500, "2025-12-27", "2026-02-10", "2025-12-20")]
    assert now(rules, movements, on("2027-01-01")).tier_id == "silver"


def test_points_told_late_raise_the_tier_from_when_they_were_earned_once_we_know() -> None:
    movements = [earned(100, "2026-03-01", heard="2026-05-01")]
    then, heard = on("2026-04-01"), on("2026-05-01")
    assert tier_at(YEARLY, movements, then, heard - 1).tier_id == "base"
    assert tier_at(YEARLY, movements, then, heard).tier_id == "silver"
    assert tier_events(YEARLY, movements, EARLIEST, heard) == [
        TierRaised("silver", "base", heard, on("2027-01-01"))
    ]


def test_what_is_taken_back_is_never_missed_where_the_earning_no_longer_counts() -> None:
    movements = [
        earned(100, "2025-12-20"),
        earned(100, "2026-02-01"),
        undone(100, "2026-03-01", "2026-03-01", "2025-12-20"),
    ]
    assert now(YEARLY, movements, on("2026-03-02")).points == 100


def test_a_tier_that_points_still_suffice_for_is_kept_for_another_period() -> None:
    movements = [earned(100, "2026-03-01")]
    turn = on("2027-01-01")
    assert tier_events(YEARLY, movements, on("2026-04-01"), turn) == [
        TierKept("silver", turn, on("2028-01-01"))
    ]
    assert now(YEARLY, movements, turn).since == on("2026-03-01")


def test_a_preview_says_what_so_many_points_would_do_now() -> None:
    movements, at = [earned(60, "2026-02-01")], on("2026-03-01")
    missing = now(YEARLY, movements, at).missing
    assert preview(YEARLY, movements, missing - 1, at).tier_id == "base"
    assert preview(YEARLY, movements, missing, at).tier_id == "silver"
    assert preview(YEARLY, [], 500, at).tier_id == "gold"


def test_the_top_has_nothing_above_it() -> None:
    status = now(YEARLY, [earned(10_000, "2026-02-01")], on("2026-02-01"))
    assert (status.tier_id, status.next_tier_id, status.missing) == ("gold", "", 0)


def test_a_promise_of_before_the_rules_changed_holds() -> None:
    promise = Promise("gold", on("2026-03-01"), on("2026-09-01"))
    tiers = {
        day: tier_at(YEARLY, [earned(100, "2026-02-01")], on(day), on(day), [promise]).tier_id
        for day in ("2026-02-28", "2026-03-01", "2026-08-31", "2026-09-01")
    }
    assert tiers == {
        "2026-02-28": "silver",
        "2026-03-01": "gold",
        "2026-08-31": "gold",
        "2026-09-01": "silver",
    }
    given = tier_at(YEARLY, [], on("2026-04-01"), on("2026-04-01"), [promise])
    assert (given.tier_id, given.until, given.supported) == ("gold", promise.until, 0)


def test_all_of_a_rolling_period_s_points_decide_the_next() -> None:
    """Also those of its first instant, which count no longer when it is over."""
    movements = [earned(100, "2026-02-01")]
    turn = on("2027-02-01")
    assert (now(ROLLING, movements, turn).tier_id, now(ROLLING, movements, turn).points) == ("silver", 0)
    assert now(ROLLING, movements, on("2028-02-01")).tier_id == "base"
