"""Rules on the wire."""

from domain.honey.programme import HeldExpiry, Programme, Shortfall, WaiveBudget
from domain.honey.rules import Rules
from domain.honey.windows import DEFAULT_ZONE
from nectary.honey.v1 import honey_pb2 as pb
from servers.honey.wire.calendar import WINDOWS, optional_period, own_optional_period
from servers.honey.wire.earning_rules import own_scene, scene
from servers.honey.wire.task_rules import own_task_version, task_version
from servers.honey.wire.tier_rules import own_tier_rules, tier_rules
from servers.honey.wire.values import HELD_EXPIRIES, SHORTFALLS
from servers.mesh.timestamps import duration_of, microseconds_of


def rules(own: Rules) -> pb.Rules:
    return pb.Rules(programmes=[_programme(each) for each in own.programmes.values()])


def programmes_of(message: pb.Rules) -> list[Programme]:
    """What is left open is settled here."""
    return [_own_programme(each) for each in message.programmes]


def _programme(own: Programme) -> pb.Programme:
    return pb.Programme(
        programme_id=own.programme_id,
        zone=own.zone,
        held_expiry=HELD_EXPIRIES.wire(own.held_expiry),
        shortfall=SHORTFALLS.wire(own.shortfall),
        longest_hold=duration_of(own.longest_hold),
        reinstatement_window=duration_of(own.reinstatement_window),
        notice=optional_period(own.notice),
        scenes=[scene(each) for each in own.scenes],
        tiers=tier_rules(own.tiers) if own.tiers else None,
        tasks=[task_version(each) for each in own.tasks],
        waive_budget=_waive_budget(own.waive_budget) if own.waive_budget else None,
    )


def _own_programme(message: pb.Programme) -> Programme:
    usual = Programme(message.programme_id)
    has_longest = message.HasField("longest_hold")
    zone = message.zone or DEFAULT_ZONE
    return Programme(
        programme_id=message.programme_id,
        zone=zone,
        held_expiry=HELD_EXPIRIES.own_or(message.held_expiry, HeldExpiry.HONOUR),
        shortfall=SHORTFALLS.own_or(message.shortfall, Shortfall.DEBT),
        longest_hold=microseconds_of(message.longest_hold) if has_longest else usual.longest_hold,
        reinstatement_window=microseconds_of(message.reinstatement_window),
        notice=own_optional_period(message, "notice"),
        scenes=tuple(own_scene(each) for each in message.scenes),
        tiers=own_tier_rules(message.tiers, zone) if message.HasField("tiers") else None,
        tasks=tuple(own_task_version(each, zone) for each in message.tasks),
        waive_budget=_own_waive_budget(message.waive_budget) if message.HasField("waive_budget") else None,
    )


def _waive_budget(own: WaiveBudget) -> pb.WaiveBudget:
    return pb.WaiveBudget(points=own.points, window=WINDOWS.wire(own.window))


def _own_waive_budget(message: pb.WaiveBudget) -> WaiveBudget:
    return WaiveBudget(message.points, WINDOWS.own(message.window))
