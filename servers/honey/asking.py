"""Whose wallet a request is about, and the commands that requests stand for."""

from uuid import uuid4

from domain.honey.commands.earn import EarnPoints, ReversePoints
from domain.honey.commands.operate import AdjustPoints, ReinstatePoints, TransferPoints
from domain.honey.commands.refunds import RefundOrderItems
from domain.honey.commands.spend import ConfirmHold, HoldPoints, ReleaseHold, SpendPoints
from domain.honey.event_records import EventKey
from domain.honey.order_refunds import Refund
from domain.honey.wallets import MEMBER, MERCHANT, Owner, wallet_id_of
from domain.shared.errors import FieldViolation, Invalid
from nectary.honey.v1 import wallet_service_pb2 as pb
from servers.honey.wire.calendar import own_optional_period
from servers.honey.wire.values import optional_instant
from servers.mesh.timestamps import instant_of

OfMember = (
    pb.EarnPointsRequest
    | pb.SpendPointsRequest
    | pb.HoldPointsRequest
    | pb.ConfirmHoldRequest
    | pb.ReleaseHoldRequest
    | pb.ReversePointsRequest
    | pb.TransferPointsRequest
    | pb.ReinstatePointsRequest
)
OfAnybody = (
    pb.GetBalanceRequest
    | pb.AdjustPointsRequest
    | pb.ListLotsRequest
    | pb.ListTransactionsRequest
    | pb.GetStatementRequest
    | pb.VerifyStatementRequest
)


def wallet_id(request: OfAnybody) -> str:
    """Of the member or the merchant that it names. Raises Invalid if it names neither or both."""
    if bool(request.member_id) == bool(request.merchant_id):
        raise Invalid([FieldViolation("member_id", "ONE_OF", "name either a member or a merchant")])
    if request.member_id:
        return _of_member(request.programme_id, request.member_id)
    return wallet_id_of(request.programme_id, Owner(MERCHANT, request.merchant_id))


def earning_of(request: pb.EarnPointsRequest) -> EarnPoints:
    return EarnPoints(
        wallet_id=_own(request),
        transaction_id=_new_id(),
        points=request.points,
        active_from=optional_instant(request, "active_time"),
        expires=optional_instant(request, "expire_time"),
        merchant_id=request.merchant_id,
        priority=request.priority,
        cause=request.cause,
        sliding=own_optional_period(request, "sliding"),
    )


def spending_of(request: pb.SpendPointsRequest) -> SpendPoints:
    return SpendPoints(_own(request), _new_id(), request.points, request.merchant_id, request.cause)


def holding_of(request: pb.HoldPointsRequest) -> HoldPoints:
    expires = optional_instant(request, "expire_time")
    return HoldPoints(_own(request), _new_id(), request.points, expires, request.cause)


def confirmation_of(request: pb.ConfirmHoldRequest) -> ConfirmHold:
    return ConfirmHold(
        wallet_id=_own(request),
        transaction_id=_new_id(),
        hold_id=request.hold_id,
        points=request.points or None,
        merchant_id=request.merchant_id,
        cause=request.cause,
    )


def release_of(request: pb.ReleaseHoldRequest) -> ReleaseHold:
    return ReleaseHold(_own(request), _new_id(), request.hold_id)


def reversal_of(request: pb.ReversePointsRequest) -> ReversePoints:
    return ReversePoints(
        wallet_id=_own(request),
        transaction_id=_new_id(),
        reversed_id=request.reversed_transaction_id,
        points=request.points or None,
        cause=request.cause,
    )


def refund_of(request: pb.RefundOrderItemsRequest) -> RefundOrderItems:
    refunds = [Refund(refund.item_id, refund.amount_minor) for refund in request.refunds]
    return RefundOrderItems(EventKey(request.programme_id, request.order_id), _new_id(), refunds)


def adjustment_of(request: pb.AdjustPointsRequest) -> AdjustPoints:
    """Raises Invalid: neither or both owners, an expiry of what is taken, or of a merchant's credit."""
    adjusted = AdjustPoints(
        wallet_id=wallet_id(request),
        transaction_id=_new_id(),
        points=request.points,
        expires=optional_instant(request, "expire_time"),
        cause=request.cause,
    )
    if adjusted.expires is not None and (request.merchant_id or request.points < 0):
        description = "only points that a member is given expire"
        raise Invalid([FieldViolation("expire_time", "NOT_ALLOWED", description)])
    return adjusted


def reinstatement_of(request: pb.ReinstatePointsRequest) -> ReinstatePoints:
    expires = instant_of(request.expire_time)
    return ReinstatePoints(_own(request), _new_id(), request.lot_id, expires, request.points or None)


def transfer_of(request: pb.TransferPointsRequest) -> TransferPoints:
    target = _of_member(request.programme_id, request.target_member_id)
    return TransferPoints(_own(request), target, _new_id(), request.points, request.cause)


def _own(request: OfMember) -> str:
    return _of_member(request.programme_id, request.member_id)


def _of_member(programme_id: str, member_id: str) -> str:
    return wallet_id_of(programme_id, Owner(MEMBER, member_id))


def _new_id() -> str:
    return uuid4().hex
