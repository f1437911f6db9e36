"""Which cards a member holds, and when: `nectary.identity.v1.IdentityService`."""

from collections.abc import Sequence
from datetime import datetime

from nectary.common.v1 import money_pb2 as money
from nectary.identity.v1 import catalog_pb2 as catalog
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb

from .identity_reads import IdentityReads
from .purchase import Purchase
from .request_ids import new_request_id
from .times import timestamp_of


class IdentityClient(IdentityReads):
    """Arguments are those of the contract. Moments are aware; a request id is made where none is given."""

    async def preview_purchase(self, purchase: Purchase) -> pb.PreviewPurchaseResponse:
        """What a purchase would do. Raises Refused as the purchase itself would."""
        return await self._stub.PreviewPurchase(pb.PreviewPurchaseRequest(**purchase.fields()))

    async def explain_purchase(self, purchase: Purchase) -> pb.ExplainPurchaseResponse:
        """Every rule that a purchase is held against, and how each ends. A refusal is an answer here."""
        return await self._stub.ExplainPurchase(pb.ExplainPurchaseRequest(**purchase.fields()))

    async def create_order(
        self, purchase: Purchase, *, preview_etag: str = "", request_id: str | None = None
    ) -> pb.CreateOrderResponse:
        """Makes an order and quotes its price. Raises Raced (STALE_PREVIEW) if the etag is no longer true."""
        request = pb.CreateOrderRequest(
            request_id=request_id or new_request_id(), preview_etag=preview_etag, **purchase.fields()
        )
        return await self._stub.CreateOrder(request)

    async def confirm_payment(
        self,
        order_id: str,
        *,
        payment_id: str,
        amount: money.Money,
        paid_at: datetime | None = None,
        request_id: str | None = None,
    ) -> pb.ConfirmPaymentResponse:
        """Says that an order was paid, and places its term. `amount` is the order's payable one."""
        request = pb.ConfirmPaymentRequest(
            request_id=request_id or new_request_id(),
            order_id=order_id,
            payment_id=payment_id,
            amount=amount,
            paid_time=timestamp_of(paid_at),
        )
        return await self._stub.ConfirmPayment(request)

    async def cancel_order(
        self, order_id: str, *, reason: str = "", request_id: str | None = None
    ) -> pb.CancelOrderResponse:
        """Cancels an order that is not paid."""
        request = pb.CancelOrderRequest(
            request_id=request_id or new_request_id(), order_id=order_id, reason=reason
        )
        return await self._stub.CancelOrder(request)

    async def grant_term(
        self,
        member_id: str,
        sku_id: str,
        *,
        source: str,
        channel: catalog.AcquisitionChannel.ValueType,
        cause: identity.Cause,
        start: datetime | None = None,
        effective: datetime | None = None,
        reason: str = "",
        fingerprints: Sequence[str] = (),
        paid: money.Money | None = None,
        request_id: str | None = None,
    ) -> pb.GrantTermResponse:
        """Gives a term that was not bought here. One cause gives one term."""
        request = pb.GrantTermRequest(
            request_id=request_id or new_request_id(),
            member_id=member_id,
            sku_id=sku_id,
            source=source,
            acquisition_channel=channel,
            cause=cause,
            start_time=timestamp_of(start),
            effective_time=timestamp_of(effective),
            reason=reason,
            fingerprints=fingerprints,
            paid=paid,
        )
        return await self._stub.GrantTerm(request)

    async def redeem_card(
        self,
        member_id: str,
        code: str,
        *,
        fingerprints: Sequence[str] = (),
        request_id: str | None = None,
    ) -> pb.RedeemCardResponse:
        """Redeems a physical card. Raises NotFound alike for an unknown, a void and a spent code."""
        request = pb.RedeemCardRequest(
            request_id=request_id or new_request_id(),
            member_id=member_id,
            code=code,
            fingerprints=fingerprints,
        )
        return await self._stub.RedeemCard(request)

    async def preview_termination(
        self,
        member_id: str,
        term_id: str,
        *,
        effective: datetime | None = None,
        share_ppm: int = 0,
        partial_mode: identity.PartialRefundMode.ValueType = identity.PARTIAL_REFUND_MODE_UNSPECIFIED,
    ) -> identity.TerminationEffect:
        """What ending a term would do, and what would be paid back."""
        request = pb.PreviewTerminationRequest(
            member_id=member_id,
            term_id=term_id,
            effective_time=timestamp_of(effective),
            share_ppm=share_ppm,
            partial_mode=partial_mode,
        )
        return (await self._stub.PreviewTermination(request)).effect

    async def terminate_term(
        self,
        member_id: str,
        *,
        refund_id: str,
        reason: str,
        term_id: str = "",
        order_id: str = "",
        effective: datetime | None = None,
        share_ppm: int = 0,
        partial_mode: identity.PartialRefundMode.ValueType = identity.PARTIAL_REFUND_MODE_UNSPECIFIED,
        release_trial: bool = False,
        request_id: str | None = None,
    ) -> pb.TerminateTermResponse:
        """Ends a term, named by itself or by its order. Idempotent by `refund_id` too."""
        request = pb.TerminateTermRequest(
            request_id=request_id or new_request_id(),
            member_id=member_id,
            refund_id=refund_id,
            term_id=term_id,
            order_id=order_id,
            effective_time=timestamp_of(effective),
            share_ppm=share_ppm,
            partial_mode=partial_mode,
            reason=reason,
            release_trial=release_trial,
        )
        return await self._stub.TerminateTerm(request)

    async def reinstate_term(
        self, member_id: str, refund_id: str, *, reason: str = "", request_id: str | None = None
    ) -> pb.ReinstateTermResponse:
        """Undoes a refund, as if it had never been."""
        request = pb.ReinstateTermRequest(
            request_id=request_id or new_request_id(),
            member_id=member_id,
            refund_id=refund_id,
            reason=reason,
        )
        return await self._stub.ReinstateTerm(request)

    async def pause_term(
        self, member_id: str, term_id: str, *, reason: str = "", request_id: str | None = None
    ) -> pb.PauseTermResponse:
        """Stops a running term now; its rest waits."""
        request = pb.PauseTermRequest(
            request_id=request_id or new_request_id(), member_id=member_id, term_id=term_id, reason=reason
        )
        return await self._stub.PauseTerm(request)

    async def resume_term(
        self, member_id: str, term_id: str, *, request_id: str | None = None
    ) -> pb.ResumeTermResponse:
        """Lets a paused term run on from now."""
        request = pb.ResumeTermRequest(
            request_id=request_id or new_request_id(), member_id=member_id, term_id=term_id
        )
        return await self._stub.ResumeTerm(request)

    async def extend_term(
        self, member_id: str, term_id: str, by: catalog.Period, *, reason: str, request_id: str | None = None
    ) -> pb.ExtendTermResponse:
        """Adds time directly behind a term."""
        request = pb.ExtendTermRequest(
            request_id=request_id or new_request_id(),
            member_id=member_id,
            term_id=term_id,
            by=by,
            reason=reason,
        )
        return await self._stub.ExtendTerm(request)

    async def merge_members(
        self,
        survivor_member_id: str,
        merged_member_id: str,
        *,
        reason: str,
        request_id: str | None = None,
    ) -> identity.Timeline:
        """Moves all terms of the merged member to the survivor, whose timeline is the answer."""
        request = pb.MergeMembersRequest(
            request_id=request_id or new_request_id(),
            survivor_member_id=survivor_member_id,
            merged_member_id=merged_member_id,
            reason=reason,
        )
        return (await self._stub.MergeMembers(request)).timeline

    async def record_attention(
        self, attentions: Sequence[pb.Attention], *, request_id: str | None = None
    ) -> None:
        """Counts uses and views of card types, for the display weights."""
        request = pb.RecordAttentionRequest(request_id=request_id or new_request_id(), attentions=attentions)
        await self._stub.RecordAttention(request)
