"""Requests as commands: what the wire leaves open is settled here."""

from fractions import Fraction

from domain.identity.commands.change import ExtendTerm
from domain.identity.commands.grant import GrantTerm
from domain.identity.commands.purchase import ConfirmPayment
from domain.identity.commands.refund import TerminateTerm, require_reasoned
from domain.identity.terms import Cause, CauseKind
from domain.identity.wanted import Purchase
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant
from nectary.identity.v1 import identity_pb2
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.identity.asking import channel_for, is_operator, new_id
from servers.identity.wire.values import CAUSES, instant, own_period

PPM = 1_000_000
OWN_CALLS = {CauseKind.ORDER, CauseKind.PHYSICAL_CARD, CauseKind.EXTENSION}
"""Causes that GrantTerm leaves to ConfirmPayment, RedeemCard and ExtendTerm."""

Buying = pb.PreviewPurchaseRequest | pb.CreateOrderRequest | pb.ExplainPurchaseRequest
Ending = pb.PreviewTerminationRequest | pb.TerminateTermRequest


def purchase_of(request: Buying) -> Purchase:
    return Purchase(
        request.member_id,
        request.sku_id,
        request.source,
        channel_for(request.acquisition_channel),
        tuple(request.fingerprints),
    )


def payment_of(request: pb.ConfirmPaymentRequest) -> ConfirmPayment:
    return ConfirmPayment(
        order_id=request.order_id,
        payment_id=request.payment_id,
        amount=request.amount.amount_minor,
        currency=request.amount.currency,
        paid=instant(request, "paid_time"),
        term_id=new_id(),
    )


def grant_of(request: pb.GrantTermRequest, now: Instant) -> GrantTerm:
    """Raises Invalid: a cause with a call of its own, two starts at once, or dating back without a right."""
    pinned, effective = instant(request, "start_time"), instant(request, "effective_time")
    cause = Cause(CAUSES.own(request.cause.kind), request.cause.id)
    if cause.kind in OWN_CALLS:
        raise Invalid([FieldViolation("cause.kind", "HAS_OWN_CALL", "this cause has a call of its own")])
    if pinned is not None and effective is not None:
        raise Invalid([FieldViolation("effective_time", "ONE_OF", "give either a start or a past moment")])
    if effective is not None and effective > now:
        raise Invalid([FieldViolation("effective_time", "IN_FUTURE", "it lies in the past")])
    for moment in (pinned, effective):
        require_reasoned(moment, now, is_operator(), request.reason)
    return GrantTerm(
        member_id=request.member_id,
        sku_id=request.sku_id,
        source=request.source,
        channel=channel_for(request.acquisition_channel),
        cause=cause,
        term_id=new_id(),
        pinned=pinned,
        at=effective,
        fingerprints=tuple(request.fingerprints),
        paid=request.paid.amount_minor,
        currency=request.paid.currency,
    )


def ending_of(request: Ending, now: Instant) -> TerminateTerm:
    """Raises Invalid: both or neither of term and order, KEEP of everything, dating back without a right."""
    keep = request.partial_mode == identity_pb2.PARTIAL_REFUND_MODE_KEEP
    share = Fraction(request.share_ppm or PPM, PPM)
    if keep and share == 1:
        raise Invalid([FieldViolation("partial_mode", "KEEP_OF_ALL", "a full refund ends the term")])
    at = instant(request, "effective_time")
    if isinstance(request, pb.PreviewTerminationRequest):
        return TerminateTerm(request.member_id, "preview", request.term_id, "", at, share, keep)
    if bool(request.term_id) == bool(request.order_id):
        raise Invalid([FieldViolation("term_id", "ONE_OF", "give either a term or an order")])
    if request.release_trial and not is_operator():
        raise Invalid([FieldViolation("release_trial", "OPERATORS_ONLY", "only operators release trials")])
    require_reasoned(at, now, is_operator(), request.reason)
    return TerminateTerm(
        member_id=request.member_id,
        refund_id=request.refund_id,
        term_id=request.term_id,
        order_id=request.order_id,
        at=at,
        share=share,
        keep_time=keep,
        release_trial=request.release_trial,
    )


def extension_of(request: pb.ExtendTermRequest) -> ExtendTerm:
    return ExtendTerm(request.member_id, request.term_id, own_period(request.by), new_id())
