"""Rules of tiers on the wire. Their zone is the programme's."""

from domain.honey.tier_rules import (
    NO_GRACE,
    CalendarYear,
    Downgrade,
    Effect,
    RollingMonths,
    Tier,
    TierRules,
    Window,
)
from nectary.honey.v1 import tier_rules_pb2 as pb
from servers.honey.wire.calendar import own_optional_period, period
from servers.mesh.enum_names import Names

EFFECTS = Names(Effect, pb.Effect)
DOWNGRADES = Names(Downgrade, pb.Downgrade)


def tier_rules(own: TierRules) -> pb.TierRules:
    return pb.TierRules(
        tiers=[pb.Tier(tier_id=tier.tier_id, threshold=tier.threshold) for tier in own.tiers],
        window=_window(own.window),
        effect=EFFECTS.wire(own.effect),
        downgrade=DOWNGRADES.wire(own.downgrade),
        grace=period(own.grace) if own.grace.count else None,
    )


def own_tier_rules(message: pb.TierRules, zone: str) -> TierRules:
    return TierRules(
        tiers=tuple(Tier(tier.tier_id, tier.threshold) for tier in message.tiers),
        window=_own_window(message.window),
        effect=EFFECTS.own_or(message.effect, Effect.IMMEDIATE),
        downgrade=DOWNGRADES.own_or(message.downgrade, Downgrade.BY_BALANCE),
        grace=own_optional_period(message, "grace") or NO_GRACE,
        zone=zone,
    )


def _window(own: Window) -> pb.TierWindow:
    if isinstance(own, RollingMonths):
        return pb.TierWindow(rolling_months=own.months)
    return pb.TierWindow(calendar_year=pb.CalendarYear())


def _own_window(message: pb.TierWindow) -> Window:
    if message.WhichOneof("window") == "rolling_months":
        return RollingMonths(message.rolling_months)
    return CalendarYear()
