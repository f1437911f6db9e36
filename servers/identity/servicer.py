"""`nectary.identity.v1.IdentityService`: translate, call one use case, translate back."""

from typing import TYPE_CHECKING, Any

from domain.identity.commands import change, grant, preview, purchase, refund
from domain.identity.orders import Order
from domain.identity.recording import Written
from domain.shared.instants import Instant
from nectary.identity.v1 import identity_pb2
from nectary.identity.v1 import identity_service_pb2 as pb
from nectary.identity.v1 import identity_service_pb2_grpc as rpc
from servers.identity.asking import Asking, new_id
from servers.identity.attention import AttentionCounter
from servers.identity.calendar_end import within_calendar
from servers.identity.commands_of import ending_of, extension_of, grant_of, payment_of, purchase_of
from servers.identity.reads import Reads
from servers.identity.wire import effects, timelines
from servers.identity.wire.values import optional_timestamp

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class IdentityServicer(rpc.IdentityServiceServicer):
    """Which cards a member holds, and when."""

    def __init__(self, ask: Asking, reads: Reads, attention: AttentionCounter) -> None:
        self._ask = ask
        self._reads = reads
        self._attention = attention

    async def PreviewPurchase(
        self, request: pb.PreviewPurchaseRequest, context: "Context"
    ) -> pb.PreviewPurchaseResponse:
        with within_calendar():
            shown, _ = await self._ask.look(preview.preview_purchase, purchase_of(request))
            return pb.PreviewPurchaseResponse(effect=effects.purchase(shown.placed), etag=shown.etag)

    async def ExplainPurchase(
        self, request: pb.ExplainPurchaseRequest, context: "Context"
    ) -> pb.ExplainPurchaseResponse:
        with within_calendar():
            told, _ = await self._ask.look(preview.explain_purchase, purchase_of(request))
            placed = told.verdict.placed if told.verdict.accepted else None
            return pb.ExplainPurchaseResponse(
                accepted=told.verdict.accepted,
                checks=[effects.check(check) for check in told.verdict.checks],
                earliest_start_time=optional_timestamp(told.earliest_start),
                effect=effects.purchase(placed) if placed else None,
            )

    async def CreateOrder(self, request: pb.CreateOrderRequest, context: "Context") -> pb.CreateOrderResponse:
        command = purchase.CreateOrder(purchase_of(request), new_id(), request.preview_etag)

        def answer(result: purchase.Ordered, now: Instant) -> pb.CreateOrderResponse:
            return pb.CreateOrderResponse(
                order=effects.order(result.order, now), effect=effects.purchase(result.placed)
            )

        return await self._ask.once(request, pb.CreateOrderResponse, purchase.create_order, command, answer)

    async def ConfirmPayment(
        self, request: pb.ConfirmPaymentRequest, context: "Context"
    ) -> pb.ConfirmPaymentResponse:
        def answer(result: purchase.Paid, now: Instant) -> pb.ConfirmPaymentResponse:
            return pb.ConfirmPaymentResponse(
                order=effects.order(result.order, now),
                term=_term(result.written, result.term_id, now),
                timeline=_timeline(result.written, now),
            )

        return await self._ask.once(
            request, pb.ConfirmPaymentResponse, purchase.confirm_payment, payment_of(request), answer
        )

    async def CancelOrder(self, request: pb.CancelOrderRequest, context: "Context") -> pb.CancelOrderResponse:
        await self._reads.order(pb.GetOrderRequest(order_id=request.order_id))
        command = purchase.CancelOrder(request.order_id)

        def answer(result: Order, now: Instant) -> pb.CancelOrderResponse:
            return pb.CancelOrderResponse(order=effects.order(result, now))

        return await self._ask.once(request, pb.CancelOrderResponse, purchase.cancel_order, command, answer)

    async def GetOrder(self, request: pb.GetOrderRequest, context: "Context") -> pb.GetOrderResponse:
        return await self._reads.order(request)

    async def GrantTerm(self, request: pb.GrantTermRequest, context: "Context") -> pb.GrantTermResponse:
        def answer(result: grant.Granted, now: Instant) -> pb.GrantTermResponse:
            return pb.GrantTermResponse(
                term=_term(result.written, result.term_id, now), timeline=_timeline(result.written, now)
            )

        command = grant_of(request, self._ask.clock.now())
        return await self._ask.once(request, pb.GrantTermResponse, grant.grant_term, command, answer)

    async def RedeemCard(self, request: pb.RedeemCardRequest, context: "Context") -> pb.RedeemCardResponse:
        command = grant.RedeemCard(request.member_id, request.code, new_id(), tuple(request.fingerprints))

        def answer(result: grant.Granted, now: Instant) -> pb.RedeemCardResponse:
            return pb.RedeemCardResponse(
                term=_term(result.written, result.term_id, now), timeline=_timeline(result.written, now)
            )

        return await self._ask.once(request, pb.RedeemCardResponse, grant.redeem_card, command, answer)

    async def PreviewTermination(
        self, request: pb.PreviewTerminationRequest, context: "Context"
    ) -> pb.PreviewTerminationResponse:
        command = ending_of(request, self._ask.clock.now())
        terminated, _ = await self._ask.look(refund.preview_termination, command)
        return pb.PreviewTerminationResponse(effect=effects.termination(terminated))

    async def TerminateTerm(
        self, request: pb.TerminateTermRequest, context: "Context"
    ) -> pb.TerminateTermResponse:
        def answer(result: refund.Refunded, now: Instant) -> pb.TerminateTermResponse:
            return pb.TerminateTermResponse(
                effect=effects.termination(result.terminated) if result.terminated else None,
                waits_for_payment=result.terminated is None,
                timeline=_timeline(result.written, now),
            )

        command = ending_of(request, self._ask.clock.now())
        return await self._ask.once(request, pb.TerminateTermResponse, refund.terminate_term, command, answer)

    async def ReinstateTerm(
        self, request: pb.ReinstateTermRequest, context: "Context"
    ) -> pb.ReinstateTermResponse:
        def answer(result: refund.Unrefunded, now: Instant) -> pb.ReinstateTermResponse:
            moves = result.reinstated.moves if result.reinstated else ()
            return pb.ReinstateTermResponse(
                moves=[timelines.move(result.written.timeline, moved) for moved in moves],
                timeline=_timeline(result.written, now),
            )

        command = refund.ReinstateTerm(request.member_id, request.refund_id)
        return await self._ask.once(request, pb.ReinstateTermResponse, refund.reinstate_term, command, answer)

    async def PauseTerm(self, request: pb.PauseTermRequest, context: "Context") -> pb.PauseTermResponse:
        def answer(result: change.Changed, now: Instant) -> pb.PauseTermResponse:
            return pb.PauseTermResponse(
                term=_term(result.written, result.term_id, now), timeline=_timeline(result.written, now)
            )

        command = change.PauseTerm(request.member_id, request.term_id)
        return await self._ask.once(request, pb.PauseTermResponse, change.pause_term, command, answer)

    async def ResumeTerm(self, request: pb.ResumeTermRequest, context: "Context") -> pb.ResumeTermResponse:
        def answer(result: change.Changed, now: Instant) -> pb.ResumeTermResponse:
            return pb.ResumeTermResponse(
                term=_term(result.written, result.term_id, now), timeline=_timeline(result.written, now)
            )

        command = change.ResumeTerm(request.member_id, request.term_id)
        return await self._ask.once(request, pb.ResumeTermResponse, change.resume_term, command, answer)

    async def ExtendTerm(self, request: pb.ExtendTermRequest, context: "Context") -> pb.ExtendTermResponse:
        def answer(result: change.Changed, now: Instant) -> pb.ExtendTermResponse:
            return pb.ExtendTermResponse(
                term=_term(result.written, result.term_id, now), timeline=_timeline(result.written, now)
            )

        return await self._ask.once(
            request, pb.ExtendTermResponse, change.extend_term, extension_of(request), answer
        )

    async def MergeMembers(
        self, request: pb.MergeMembersRequest, context: "Context"
    ) -> pb.MergeMembersResponse:
        def answer(result: Written, now: Instant) -> pb.MergeMembersResponse:
            return pb.MergeMembersResponse(timeline=_timeline(result, now))

        command = change.MergeMembers(request.survivor_member_id, request.merged_member_id)
        return await self._ask.once(request, pb.MergeMembersResponse, change.merge_members, command, answer)

    async def GetTimeline(self, request: pb.GetTimelineRequest, context: "Context") -> pb.GetTimelineResponse:
        return await self._reads.timeline(request)

    async def ListIdentities(
        self, request: pb.ListIdentitiesRequest, context: "Context"
    ) -> pb.ListIdentitiesResponse:
        return await self._reads.identities(request)

    async def BatchCheckIdentities(
        self, request: pb.BatchCheckIdentitiesRequest, context: "Context"
    ) -> pb.BatchCheckIdentitiesResponse:
        return await self._reads.check(request)

    async def ListEvents(self, request: pb.ListEventsRequest, context: "Context") -> pb.ListEventsResponse:
        return await self._reads.events(request)

    async def RecordAttention(
        self, request: pb.RecordAttentionRequest, context: "Context"
    ) -> pb.RecordAttentionResponse:
        await self._attention.record(request)
        return pb.RecordAttentionResponse()


def _timeline(written: Written, now: Instant) -> "identity_pb2.Timeline":
    return timelines.timeline(written.timeline, written.layout, now)


def _term(written: Written, term_id: str, now: Instant) -> "identity_pb2.Term":
    return timelines.term(written.timeline, written.layout, written.timeline.terms[term_id], now)
