"""What a reconciliation found, on the wire."""

from domain.seckill.activity import Standing
from domain.seckill.comparison import Comparison
from nectary.seckill.v1 import activity_service_pb2 as pb
from nectary.seckill.v1 import seckill_pb2
from servers.seckill.wire.activities import stock
from servers.seckill.wire.values import DIFFERENCES


def reconciliation(standing: Standing, own: Comparison) -> pb.ReconcileResponse:
    parts = standing.activity.settings.parts if own.is_there else ()
    return pb.ReconcileResponse(
        stock=stock(standing),
        gate=[
            seckill_pb2.GateTranche(
                number=part.number,
                stock=own.stock[part.number - 1],
                left=own.left[part.number - 1],
                claimed=own.open_units.get(part.number, 0),
                held=own.held_units.get(part.number, 0),
                ordered=own.order_units.get(part.number, 0),
            )
            for part in parts
        ],
        difference_counts=[
            seckill_pb2.DifferenceCount(kind=DIFFERENCES.wire(kind), count=count)
            for kind, count in sorted(own.differences.items())
        ],
        differences=[
            seckill_pb2.Difference(
                kind=DIFFERENCES.wire(one.kind),
                member_id=one.member_id,
                request_id=one.request_id,
                units=one.units,
            )
            for one in own.listed
        ],
        repaired=own.is_repaired,
        still=own.is_still,
        balanced=own.is_there and own.is_balanced,
    )
