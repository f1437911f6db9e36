"""Requests with defaults: a test names only what it is about."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from nectary.honey.v1 import calendar_pb2 as calendar
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.wire.honey.mesh import HONEY, START


def new_id() -> str:
    return uuid4().hex


def a_member() -> str:
    """Whom no other test knows."""
    return f"m{new_id()[:20]}"


def ts(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def later(**time: float) -> Timestamp:
    """So long after START: `later(days=1)`."""
    return ts(START + timedelta(**time))


def days(count: int) -> calendar.Period:
    return calendar.Period(count=count, unit=calendar.PERIOD_UNIT_DAY)


def of(member: str, **more: Any) -> dict[str, Any]:
    """What every request about a member's wallet says."""
    return {"programme_id": HONEY, "member_id": member} | more


def an_earning(member: str, points: int = 100, **more: Any) -> pb.EarnPointsRequest:
    return pb.EarnPointsRequest(**{"request_id": new_id(), **of(member, points=points)} | more)


def a_spend(member: str, points: int = 10, **more: Any) -> pb.SpendPointsRequest:
    return pb.SpendPointsRequest(**{"request_id": new_id(), **of(member, points=points)} | more)


def a_hold(member: str, points: int = 10, **more: Any) -> pb.HoldPointsRequest:
    return pb.HoldPointsRequest(**{"request_id": new_id(), **of(member, points=points)} | more)


def a_confirmation(member: str, hold_id: str, points: int = 0, **more: Any) -> pb.ConfirmHoldRequest:
    told = of(member, hold_id=hold_id, points=points)
    return pb.ConfirmHoldRequest(**{"request_id": new_id(), **told} | more)


def a_release(member: str, hold_id: str, **more: Any) -> pb.ReleaseHoldRequest:
    return pb.ReleaseHoldRequest(**{"request_id": new_id(), **of(member, hold_id=hold_id)} | more)


def a_reversal(member: str, transaction_id: str, points: int = 0, **more: Any) -> pb.ReversePointsRequest:
    told = of(member, reversed_transaction_id=transaction_id, points=points)
    return pb.ReversePointsRequest(**{"request_id": new_id(), **told} | more)


def an_adjustment(member: str = "", points: int = 10, **more: Any) -> pb.AdjustPointsRequest:
    told = of(member, points=points, reason="as agreed")
    return pb.AdjustPointsRequest(**{"request_id": new_id(), **told} | more)


def a_transfer(member: str, target: str, points: int = 10, **more: Any) -> pb.TransferPointsRequest:
    told = of(member, target_member_id=target, points=points)
    return pb.TransferPointsRequest(**{"request_id": new_id(), **told} | more)


def a_reinstatement(member: str, lot_id: str, **more: Any) -> pb.ReinstatePointsRequest:
    told = of(member, lot_id=lot_id, expire_time=later(days=9), reason="a favour")
    return pb.ReinstatePointsRequest(**{"request_id": new_id(), **told} | more)


def a_batch(*posts: Any) -> pb.BatchPostRequest:
    """Of requests as they are sent alone."""
    names = {pb.EarnPointsRequest: "earn", pb.SpendPointsRequest: "spend", pb.ReversePointsRequest: "reverse"}
    return pb.BatchPostRequest(postings=[pb.Posting(**{names[type(post)]: post}) for post in posts])
