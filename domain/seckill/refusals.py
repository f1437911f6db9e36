"""What a buyer is told instead of an order. None of it is stored: the request id stays usable."""

from domain.seckill.activity import Activity, ActivityState
from domain.seckill.orders import Order, OrderState
from domain.shared.errors import FieldViolation, Invalid, NotFound, Refused, Throttled
from domain.shared.instants import Instant, to_datetime

SOLD_OUT_RETRY_MS = 1_000
"""When units that came back can be seen by every server at the latest."""


def sold_out(activity_id: str) -> Throttled:
    message = "not enough units are left at this moment"
    return Throttled("SOLD_OUT", message, SOLD_OUT_RETRY_MS, activity_id=activity_id)


def not_selling(activity: Activity, now: Instant) -> Refused | NotFound:
    """SK-6: why an activity that sells nothing now does not."""
    if activity.state is ActivityState.DRAFT:
        return activity_not_found(activity.activity_id)
    if activity.state is ActivityState.PUBLISHED and now < activity.settings.opens:
        return Refused(
            "NOT_OPEN_YET",
            "the activity does not sell yet",
            activity_id=activity.activity_id,
            open_time=to_datetime(activity.settings.opens).isoformat(),
        )
    return Refused("ACTIVITY_CLOSED", "the activity sells no more", activity_id=activity.activity_id)


def activity_not_found(activity_id: str) -> NotFound:
    return NotFound("ACTIVITY_NOT_FOUND", "there is no such activity", activity_id=activity_id)


def scene_not_allowed(activity: Activity, scene: str) -> Refused:
    message = "the activity does not sell from there"
    return Refused("SCENE_NOT_ALLOWED", message, activity_id=activity.activity_id, scene=scene)


def member_limit_reached(activity: Activity) -> Refused:
    """SK-3."""
    limit = activity.settings.member_limit
    return Refused(
        "MEMBER_LIMIT_REACHED",
        f"one member may have {limit} at a time",
        activity_id=activity.activity_id,
        member_limit=str(limit),
    )


def not_eligible(activity: Activity, now: Instant) -> Refused:
    releases = [
        tranche.release
        for tranche in activity.settings.parts
        if tranche.release is not None and tranche.release > now
    ]
    told = {"release_time": to_datetime(min(releases)).isoformat()} if releases else {}
    message = "no part of the stock is open to this member"
    return Refused("NOT_ELIGIBLE", message, activity_id=activity.activity_id, **told)


def request_id_reused(request_id: str) -> Invalid:
    message = "this request id was used with another body"
    violation = FieldViolation("request_id", "IDEMPOTENCY_KEY_REUSED", message)
    return Invalid([violation], "IDEMPOTENCY_KEY_REUSED", message, request_id=request_id)


def order_not_found(order_id: str) -> NotFound:
    return NotFound("ORDER_NOT_FOUND", "there is no such order", order_id=order_id)


def order_state_wrong(order: Order, state: OrderState) -> Refused:
    return Refused(
        "ORDER_STATE_WRONG", f"the order is {state.value}", order_id=order.order_id, state=state.value
    )


def payment_id_reused(payment_id: str, order_id: str) -> Refused:
    return Refused(
        "PAYMENT_ID_REUSED",
        "this payment was told of before, with another order or amount",
        payment_id=payment_id,
        order_id=order_id,
    )
