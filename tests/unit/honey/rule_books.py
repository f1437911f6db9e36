"""Whole programmes with random scenes, tiers and tasks, as an operator could write them."""

from hypothesis import strategies as st

from domain.honey.programme import HeldExpiry, Programme, Shortfall, WaiveBudget
from domain.honey.task_rules import (
    Benefit,
    MembershipDays,
    Paid,
    Points,
    Rhythm,
    TaskVersion,
    Times,
)
from domain.honey.tier_rules import (
    NO_GRACE,
    CalendarYear,
    Downgrade,
    Effect,
    RollingMonths,
    Tier,
    TierRules,
)
from domain.honey.windows import Window
from domain.shared.instants import DAY, LATEST, SECOND, Period, Unit
from tests.unit.honey import earnings
from tests.unit.honey.earnings import CONDITIONS, EXPIRIES, START, ZONE

_LADDERS = st.lists(st.integers(1, 2**53 - 1), max_size=4, unique=True).map(
    lambda thresholds: tuple(Tier(f"t{rung}", points) for rung, points in enumerate([0, *sorted(thresholds)]))
)
TIERS = st.builds(
    TierRules,
    _LADDERS,
    st.just(CalendarYear()) | st.builds(RollingMonths, st.integers(2, 36)),
    st.sampled_from(Effect),
    st.sampled_from([Downgrade.ONE_STEP, Downgrade.BY_BALANCE]),
    st.sampled_from([NO_GRACE, Period(7, Unit.DAY), Period(1, Unit.MONTH)]),
    st.just(ZONE),
)
TASKS = st.builds(
    TaskVersion,
    task_id=st.just("rides"),
    version=st.just(1),
    title=st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20),
    scene=st.sampled_from(["ride.ended", "order.paid"]),
    goal=st.builds(Times, st.integers(1, 200)) | st.just(Paid(20_000, "CNY", 100)),
    reward=st.one_of(
        st.builds(Points, st.integers(1, 10**14), EXPIRIES),
        st.just(Benefit("coffee")),
        st.builds(MembershipDays, st.just("trial"), st.integers(1, 366)),
    ),
    opens=st.integers(0, START),
    closes=st.just(LATEST) | st.integers(START + 1, LATEST),
    rhythm=st.sampled_from(Rhythm),
    conditions=st.lists(CONDITIONS, max_size=3).map(tuple),
    zone=st.just(ZONE),
)


@st.composite
def whole_programmes(draw: st.DrawFn) -> Programme:
    """With one scene, tiers or none, and one task or none."""
    return Programme(
        "honey",
        ZONE,
        draw(st.sampled_from(HeldExpiry)),
        draw(st.sampled_from(Shortfall)),
        longest_hold=draw(st.integers(SECOND, 366 * DAY)),
        reinstatement_window=draw(st.integers(0, 366 * DAY)),
        notice=draw(st.none() | st.just(Period(7, Unit.DAY))),
        scenes=draw(earnings.programmes()).scenes,
        tiers=draw(st.none() | TIERS),
        tasks=tuple(draw(st.lists(TASKS, max_size=1))),
        waive_budget=draw(st.none() | st.just(WaiveBudget(5_000, Window.MONTH))),
    )
