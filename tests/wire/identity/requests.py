"""Requests with defaults: a test names only what it is about."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from nectary.common.v1 import money_pb2
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb

APP = cards.ACQUISITION_CHANNEL_APP_PURCHASE
TASK = cards.ACQUISITION_CHANNEL_INCENTIVE_TASK


def new_id() -> str:
    return uuid4().hex


def a_member() -> str:
    """Nobody whom another test knows."""
    return f"m-{new_id()}"


def ts(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment.astimezone(UTC))
    return stamp


def moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def yuan(fen: int, currency: str = "CNY") -> money_pb2.Money:
    return money_pb2.Money(currency=currency, amount_minor=fen)


def _purchase(member: str, sku: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"member_id": member, "sku_id": sku, "source": "app", "acquisition_channel": APP, **more}


def a_preview(member: str, sku: str, **more: Any) -> pb.PreviewPurchaseRequest:
    return pb.PreviewPurchaseRequest(**_purchase(member, sku, more))


def an_explanation(member: str, sku: str, **more: Any) -> pb.ExplainPurchaseRequest:
    return pb.ExplainPurchaseRequest(**_purchase(member, sku, more))


def an_order(member: str, sku: str, **more: Any) -> pb.CreateOrderRequest:
    return pb.CreateOrderRequest(**{"request_id": new_id()} | _purchase(member, sku, more))


def a_payment(order: identity.Order, **more: Any) -> pb.ConfirmPaymentRequest:
    """Of the whole payable amount."""
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "order_id": order.order_id,
        "payment_id": new_id(),
        "amount": order.payable,
    }
    return pb.ConfirmPaymentRequest(**defaults | more)


def a_cause(cause_id: str = "", kind: "identity.CauseKind.ValueType" = identity.CAUSE_KIND_TASK) -> Any:
    return identity.Cause(kind=kind, id=cause_id or new_id())


def a_grant(member: str, sku: str, **more: Any) -> pb.GrantTermRequest:
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "member_id": member,
        "sku_id": sku,
        "source": "tasks",
        "acquisition_channel": TASK,
        "cause": a_cause(),
    }
    return pb.GrantTermRequest(**defaults | more)


def a_redemption(member: str, code: str, **more: Any) -> pb.RedeemCardRequest:
    return pb.RedeemCardRequest(**{"request_id": new_id(), "member_id": member, "code": code} | more)


def a_refund(member: str, term: str = "", **more: Any) -> pb.TerminateTermRequest:
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "member_id": member,
        "refund_id": new_id(),
        "term_id": term,
        "reason": "asked for",
    }
    return pb.TerminateTermRequest(**defaults | more)


def a_reinstatement(member: str, refund: str, **more: Any) -> pb.ReinstateTermRequest:
    return pb.ReinstateTermRequest(
        **{"request_id": new_id(), "member_id": member, "refund_id": refund} | more
    )


def a_pause(member: str, term: str, **more: Any) -> pb.PauseTermRequest:
    return pb.PauseTermRequest(**{"request_id": new_id(), "member_id": member, "term_id": term} | more)


def a_resumption(member: str, term: str, **more: Any) -> pb.ResumeTermRequest:
    return pb.ResumeTermRequest(**{"request_id": new_id(), "member_id": member, "term_id": term} | more)


def an_extension(member: str, term: str, days: int = 10, **more: Any) -> pb.ExtendTermRequest:
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "member_id": member,
        "term_id": term,
        "by": cards.Period(count=days, unit=cards.PERIOD_UNIT_DAY),
        "reason": "an apology",
    }
    return pb.ExtendTermRequest(**defaults | more)


def a_merge(survivor: str, merged: str, **more: Any) -> pb.MergeMembersRequest:
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "survivor_member_id": survivor,
        "merged_member_id": merged,
        "reason": "one person",
    }
    return pb.MergeMembersRequest(**defaults | more)


def an_attention(spu: str, uses: int = 0, views: int = 0, **more: Any) -> pb.RecordAttentionRequest:
    sample = pb.Attention(spu_id=spu, uses=uses, views=views)
    return pb.RecordAttentionRequest(**{"request_id": new_id(), "attentions": [sample]} | more)


def a_batch(sku: str, closes: datetime, count: int = 1, **more: Any) -> catalogs.CreateCardBatchRequest:
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "sku_id": sku,
        "source": "shop",
        "count": count,
        "activation_end_time": ts(closes),
    }
    return catalogs.CreateCardBatchRequest(**defaults | more)


def a_voiding(codes: Sequence[str] = (), **more: Any) -> catalogs.VoidCardsRequest:
    return catalogs.VoidCardsRequest(**{"request_id": new_id(), "codes": codes, "reason": "lost"} | more)
