"""HO-13 on a ledger: tiers follow what is earned and taken back; members are told once, however one looks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.honey.commands.earn import EarnPoints, ReversePoints, earn_points, reverse_points
from domain.honey.commands.operate import CatchUp, catch_up
from domain.honey.commands.spend import SpendPoints, spend_points
from domain.honey.commands.watch import Watched, climb_of, tell_expiry, tell_tier
from domain.honey.ladders import Climb, Ladder
from domain.honey.noticing import PointsExpiringSoon, horizon, turn_for
from domain.honey.programme import Programme
from domain.honey.qualifying import Movement
from domain.honey.tier_events import TierRaised
from domain.honey.tier_rules import Downgrade, Effect, RollingMonths, Tier, TierRules
from domain.honey.tiers import tier_at
from domain.honey.windows import DEFAULT_ZONE
from domain.shared.errors import DomainError
from domain.shared.instants import DAY, EARLIEST, HOUR, Instant, Period, Unit, at_local, local_date
from tests.unit.honey.ports import Ledger

WALLET = "honey:member:m1"
START = at_local(date(2026, 11, 22), time(10), DEFAULT_ZONE)
LADDER = TierRules((Tier("base", 0), Tier("silver", 10), Tier("gold", 25)))
WEEK = Period(7, Unit.DAY)

Step = tuple[str, int, int]
"""What is done, with how many points, how long after the step before, in hours."""

steps = st.lists(
    st.tuples(
        st.sampled_from(["earn", "earn", "spend", "reverse"]),
        st.integers(1, 15),
        st.sampled_from([0, 1, 30, 24 * 40, 24 * 200]),
    ),
    min_size=1,
    max_size=12,
)


Look = Callable[[Ledger, Instant], None]


def run(history: list[Step], ledger: Ledger, between: Look | None = None) -> tuple[list[Movement], Instant]:
    """What qualified, counted here, and when it ended; after each step one may look."""
    now, movements, lots = START, list[Movement](), list[tuple[str, Instant, int]]()
    for number, (what, points, hours) in enumerate(history):
        now += hours * HOUR
        try:
            if what == "earn":
                ledger.run(earn_points, EarnPoints(WALLET, f"t{number}", points, expires=now + 90 * DAY), now)
                lots.append((f"t{number}", now, points))
                movements.append(Movement(points, now, now))
            elif what == "spend":
                ledger.run(spend_points, SpendPoints(WALLET, f"t{number}", points), now)
            elif lots:
                lot_id, earned, all_of_it = lots.pop()
                ledger.run(reverse_points, ReversePoints(WALLET, f"t{number}", lot_id), now)
                movements.append(Movement(-all_of_it, now, now, earned))
        except DomainError:
            pass
        if between:
            between(ledger, now)
    return movements, now


@given(steps)
def test_a_tier_is_a_function_of_what_was_earned_and_taken_back(history: list[Step]) -> None:
    """HO-13."""
    ledger = Ledger(Programme("honey", tiers=LADDER))
    movements, now = run(history, ledger)
    climb = climb_of(ledger.ports, WALLET)
    assert climb is not None
    assert list(climb.movements) == movements
    for at in (now, now - 3 * DAY, now + 500 * DAY):
        assert climb.status(at) == tier_at(LADDER, movements, at, at)


LADDERS = st.sampled_from(
    [
        LADDER,
        replace(LADDER, window=RollingMonths(3)),
        replace(LADDER, effect=Effect.NEXT_PERIOD),
        replace(LADDER, window=RollingMonths(2), downgrade=Downgrade.ONE_STEP, grace=Period(20, Unit.DAY)),
    ]
)


@settings(deadline=None)
@given(steps, LADDERS, st.booleans())
def test_it_does_not_matter_when_or_how_often_one_looks(
    history: list[Step], ladder: TierRules, always: bool
) -> None:
    """HO-11: after each step and often later, or never before the end: it is told what there was to tell."""
    ledger = Ledger(Programme("honey", tiers=ladder, notice=WEEK))
    _, now = run(history, ledger, look if always else None)
    end = now + 1_000 * DAY
    for day in range(0, 1_000, 37) if always else ():
        look(ledger, now + day * DAY)
    for _ in range(2):
        look(ledger, end)
    climb = climb_of(ledger.ports, WALLET)
    assert climb is not None
    first = min((movement.recorded for movement in climb.movements), default=end)
    assert tiers_told(ledger) == climb.told(first - 1, end)


def test_points_that_just_come_to_a_threshold_are_looked_at_and_fewer_are_not() -> None:
    """What does not come to one costs no look."""
    ledger = Ledger(Programme("honey", tiers=LADDER))
    for number, points in enumerate((4, 5, 1)):
        now = START + number * HOUR
        ledger.run(earn_points, EarnPoints(WALLET, f"t{number}", points), now)
        turn = ledger.wallets.get(WALLET).watch.tier_turn
        assert turn is not None
        assert (turn <= now) is (number != 1)
        look(ledger, now)
    assert [type(each) for each in tiers_told(ledger)] == [TierRaised]


def tiers_told(ledger: Ledger) -> list[object]:
    return [each for each in ledger.notices.rows.values() if not isinstance(each, PointsExpiringSoon)]


def look(ledger: Ledger, now: Instant) -> None:
    """As the job does: what falls due, then tiers, then notices, each if its turn has come."""
    ledger.run(catch_up, CatchUp(WALLET), now)
    for use_case, turn in ((tell_tier, "tier_turn"), (tell_expiry, "notice_turn")):
        due = getattr(ledger.wallets.get(WALLET).watch, turn)
        if due is not None and due <= now:
            ledger.run(use_case, Watched(WALLET), now)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 60)), min_size=1, max_size=6))
def test_points_that_expire_are_told_of_a_week_before_and_once(lots: list[tuple[int, int]]) -> None:
    ledger = Ledger(Programme("honey", notice=WEEK))
    for number, (points, days) in enumerate(lots):
        expires = START + days * DAY
        ledger.run(earn_points, EarnPoints(WALLET, f"t{number}", points, expires=expires), START)
    heard = dict[Instant, date]()
    for day in range(70):
        now = START + day * DAY
        known = len(ledger.notices.rows)
        look(ledger, now)
        for each in list(ledger.notices.rows.values())[known:]:
            assert isinstance(each, PointsExpiringSoon)
            assert each.points == sum(points for points, days in lots if START + days * DAY == each.expires)
            assert each.expires not in heard
            heard[each.expires] = local_date(now, DEFAULT_ZONE)
    for _, days in lots:
        expires = START + days * DAY
        a_week_before = local_date(expires, DEFAULT_ZONE) - timedelta(days=7)
        assert heard[expires] == max(a_week_before, local_date(START, DEFAULT_ZONE))


@given(st.integers(0, 1_000), st.integers(1, 400), st.sampled_from([Unit.DAY, Unit.HOUR]))
def test_the_turn_is_the_first_midnight_within_whose_horizon_it_lies(
    hours: int, count: int, unit: Unit
) -> None:
    notice, expires = Period(count, unit), START + 800 * DAY + hours * HOUR
    turn = turn_for(expires, notice, DEFAULT_ZONE)
    assert horizon(turn, notice, DEFAULT_ZONE) > expires >= horizon(turn - 1, notice, DEFAULT_ZONE)


def test_what_a_ladder_promised_is_kept_when_another_follows() -> None:
    """And an easier one raises at once."""
    harder = replace(LADDER, tiers=(Tier("base", 0), Tier("silver", 100), Tier("gold", 200)))
    easier = replace(LADDER, tiers=(Tier("base", 0), Tier("silver", 5), Tier("gold", 12)))
    movements, change = [Movement(12, START, START)], START + DAY
    kept = Climb([Ladder(EARLIEST, LADDER), Ladder(change, harder)], movements)
    status = kept.status(change + DAY)
    assert (status.tier_id, status.until) == ("silver", kept.status(START).until)
    assert status.until is not None
    assert kept.status(status.until).tier_id == "base"
    raised = Climb([Ladder(EARLIEST, LADDER), Ladder(change, easier)], movements)
    events = raised.told(START, change + DAY)
    assert [(type(each), each.tier_id, each.at) for each in events] == [(TierRaised, "gold", change)]


def test_a_tier_that_is_never_lost_is_not_lost_by_other_rules() -> None:
    for_ever = replace(LADDER, downgrade=Downgrade.NONE)
    climb = Climb([Ladder(EARLIEST, for_ever), Ladder(START + DAY, LADDER)], [Movement(30, START, START)])
    assert climb.status(START + 5_000 * DAY).tier_id == "gold"
