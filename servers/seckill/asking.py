"""Who asks, and what they may see: what every method of Seckill needs before its own work."""

from domain.seckill.activity import Activity, ActivityState
from domain.seckill.orders import Order
from domain.seckill.refusals import activity_not_found, order_not_found
from domain.shared.errors import FieldViolation, Invalid
from nectary.risk.v1 import policy_pb2 as risk
from nectary.seckill.v1 import seckill_service_pb2 as pb
from servers.mesh.call import current_caller


def acts_for_nobody() -> bool:
    """Whether the caller is no gateway: it sees drafts, and everything as it stands this moment."""
    return current_caller().role != risk.CALLER_ROLE_GATEWAY


def require_visible(activity: Activity) -> None:
    """Raises NotFound (ACTIVITY_NOT_FOUND) for a draft before a gateway."""
    if activity.state is ActivityState.DRAFT and not acts_for_nobody():
        raise activity_not_found(activity.activity_id)


def require_own_order(order: Order) -> None:
    """A gateway sees the orders of its member alone. Raises NotFound (ORDER_NOT_FOUND)."""
    member_id = current_caller().member_id
    if member_id is not None and member_id != order.member_id:
        raise order_not_found(order.order_id)


def require_a_list(request: pb.ListOrdersRequest) -> None:
    """Raises Invalid for the orders of everybody in everything."""
    if not request.member_id and not request.activity_id:
        description = "name a member, an activity, or both"
        raise Invalid([FieldViolation("member_id", "ONE_OF", description)])
