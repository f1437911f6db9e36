"""Rules on the wire."""

from domain.honey.programme import HeldExpiry, Programme, Shortfall
from domain.honey.rules import Rules
from domain.honey.windows import DEFAULT_ZONE
from nectary.honey.v1 import honey_pb2 as pb
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
    )


def _own_programme(message: pb.Programme) -> Programme:
    usual = Programme(message.programme_id)
    has_longest = message.HasField("longest_hold")
    return Programme(
        programme_id=message.programme_id,
        zone=message.zone or DEFAULT_ZONE,
        held_expiry=HELD_EXPIRIES.own_or(message.held_expiry, HeldExpiry.HONOUR),
        shortfall=SHORTFALLS.own_or(message.shortfall, Shortfall.DEBT),
        longest_hold=microseconds_of(message.longest_hold) if has_longest else usual.longest_hold,
        reinstatement_window=microseconds_of(message.reinstatement_window),
    )
