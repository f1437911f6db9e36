"""Tiers of members on the wire."""

from domain.honey.tiers import TierStatus
from domain.shared.instants import EARLIEST
from nectary.honey.v1 import tier_service_pb2 as pb
from servers.honey.wire.values import optional_timestamp
from servers.mesh.timestamps import timestamp_of


def tier(own: TierStatus) -> pb.TierStatus:
    return pb.TierStatus(
        tier_id=own.tier_id,
        rung=own.rung,
        since_time=optional_timestamp(own.since if own.since > EARLIEST else None),
        until_time=optional_timestamp(own.until),
        points=own.points,
        period_start_time=timestamp_of(max(own.period_start, EARLIEST)),
        period_end_time=timestamp_of(own.period_end),
        next_tier_id=own.next_tier_id,
        missing_points=own.missing,
        at_risk=own.is_at_risk,
    )
