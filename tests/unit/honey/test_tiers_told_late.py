"""HO-11, for tiers: what late points make good was told before they came, however late one asks."""

from datetime import date

from domain.honey.qualifying import Movement
from domain.honey.tier_events import TierLowered, TierRaised, tier_events
from domain.honey.tier_rules import Downgrade, Effect, RollingMonths, Tier, TierRules
from domain.shared.instants import Instant, Period, Unit, midnight

ZONE = "Asia/Shanghai"
RULES = TierRules(
    tiers=(Tier("white", 0), Tier("green", 5)),
    window=RollingMonths(1),
    effect=Effect.IMMEDIATE,
    downgrade=Downgrade.ONE_STEP,
    grace=Period(1, Unit.DAY),
    zone=ZONE,
)


def on(month: int, day: int) -> Instant:
    return midnight(date(2024, month, day), ZONE)


def test_a_grace_that_ended_before_late_points_came_is_told_however_late_one_asks() -> None:
    """The period of January ends without enough; on 23 February we hear of points of 24 January."""
    movements = [
        Movement(5, on(1, 10), on(1, 10)),
        Movement(4, on(1, 24), on(1, 24)),
        Movement(-5, on(1, 24), on(1, 24), earned=on(1, 10)),
        Movement(2, on(1, 24), on(2, 23)),
    ]
    first, middle, last = on(1, 24), on(2, 12), on(2, 23)
    at_once = tier_events(RULES, movements, first, last)
    split = tier_events(RULES, movements, first, middle) + tier_events(RULES, movements, middle, last)
    assert at_once == split
    assert [(type(event), event.at) for event in at_once] == [
        (TierLowered, on(2, 11)),
        (TierRaised, on(2, 23)),
    ]
