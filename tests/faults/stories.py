"""Writes that are killed on their way: each story prepares a member and says which call comes next."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from clients import Channel, IdentityClient, Purchase
from nectary.common.v1 import money_pb2
from nectary.identity.v1 import catalog_pb2, identity_pb2
from nectary.identity.v1 import identity_service_pb2 as pb

SERVICE = "/nectary.identity.v1.IdentityService"


@dataclass(frozen=True)
class Call:
    """One request, the same bytes however often it is sent."""

    method: str
    request: Any
    """Of that method; all have a request id."""


Prepare = Callable[[IdentityClient, str], Awaitable[Call]]
"""Brings a new member so far that the call is next."""


async def ordered(client: IdentityClient, member_id: str, sku_id: str, *marks: str) -> identity_pb2.Order:
    """A card of the example catalogue that waits for its payment."""
    purchase = Purchase(member_id, sku_id, "shop", catalog_pb2.ACQUISITION_CHANNEL_APP_PURCHASE, marks)
    return (await client.create_order(purchase)).order


async def bought(client: IdentityClient, member_id: str, sku_id: str) -> identity_pb2.Term:
    """A paid card."""
    order = await ordered(client, member_id, sku_id)
    paid = await client.confirm_payment(
        order.order_id,
        payment_id=f"pay-{order.order_id}",
        amount=order.payable,
        request_id=f"confirm-{order.order_id}",
    )
    return paid.term


def paying(order: identity_pb2.Order, fen_too_much: int = 0) -> Call:
    """The payment of an order."""
    amount = money_pb2.Money(
        currency=order.payable.currency, amount_minor=order.payable.amount_minor + fen_too_much
    )
    request = pb.ConfirmPaymentRequest(
        request_id=f"confirm-{order.order_id}",
        order_id=order.order_id,
        payment_id=f"pay-{order.order_id}",
        amount=amount,
    )
    return Call(f"{SERVICE}/ConfirmPayment", request)


def refunding(member_id: str, *, term_id: str = "", order_id: str = "") -> Call:
    """The refund of a term, or of an order."""
    name = f"refund-{term_id or order_id}"
    request = pb.TerminateTermRequest(
        request_id=name,
        member_id=member_id,
        refund_id=name,
        term_id=term_id,
        order_id=order_id,
        reason="not wanted",
    )
    return Call(f"{SERVICE}/TerminateTerm", request)


async def payment(client: IdentityClient, member_id: str) -> Call:
    return paying(await ordered(client, member_id, "gold_annual"))


async def payment_of_a_renewal(client: IdentityClient, member_id: str) -> Call:
    await bought(client, member_id, "gold_annual")
    return paying(await ordered(client, member_id, "gold_annual"))


async def payment_of_an_upgrade(client: IdentityClient, member_id: str) -> Call:
    await bought(client, member_id, "gold_quarterly")
    return paying(await ordered(client, member_id, "gold_annual"))


async def payment_of_a_trial(client: IdentityClient, member_id: str) -> Call:
    return paying(await ordered(client, member_id, "gold_trial", f"device-{member_id}"))


async def payment_with_a_refund_waiting(client: IdentityClient, member_id: str) -> Call:
    order = await ordered(client, member_id, "gold_annual")
    await client.terminate_term(
        member_id, refund_id=f"early-{member_id}", reason="test", order_id=order.order_id
    )
    return paying(order)


async def payment_of_too_much(client: IdentityClient, member_id: str) -> Call:
    return paying(await ordered(client, member_id, "gold_annual"), fen_too_much=1)


async def refund(client: IdentityClient, member_id: str) -> Call:
    return refunding(member_id, term_id=(await bought(client, member_id, "gold_annual")).term_id)


async def refund_of_the_first_of_two(client: IdentityClient, member_id: str) -> Call:
    first = await bought(client, member_id, "gold_annual")
    await bought(client, member_id, "gold_annual")
    return refunding(member_id, term_id=first.term_id)


async def refund_of_an_upgrade(client: IdentityClient, member_id: str) -> Call:
    await bought(client, member_id, "gold_quarterly")
    return refunding(member_id, term_id=(await bought(client, member_id, "gold_annual")).term_id)


async def refund_with_its_dependents(client: IdentityClient, member_id: str) -> Call:
    """CASCADE: the ticket card ends with the gold card that it needs."""
    gold = await bought(client, member_id, "gold_annual")
    await bought(client, member_id, "ticket_annual")
    return refunding(member_id, term_id=gold.term_id)


async def refund_before_payment(client: IdentityClient, member_id: str) -> Call:
    order = await ordered(client, member_id, "gold_annual")
    return refunding(member_id, order_id=order.order_id)


PAYMENTS: tuple[Prepare, ...] = (
    payment,
    payment_of_a_renewal,
    payment_of_an_upgrade,
    payment_of_a_trial,
    payment_with_a_refund_waiting,
    payment_of_too_much,
)
REFUNDS: tuple[Prepare, ...] = (
    refund,
    refund_of_the_first_of_two,
    refund_of_an_upgrade,
    refund_with_its_dependents,
    refund_before_payment,
)
STORIES = PAYMENTS + REFUNDS


async def send(
    channel: Channel,
    call: Call,
    *,
    timeout: float | None = None,  # noqa: ASYNC109  # it is gRPC's
) -> bytes:
    """The bytes of the answer as they came over the wire. Raises NectaryError."""
    stub = channel.unary_unary(call.method, request_serializer=type(call.request).SerializeToString)
    answer: bytes = await stub(call.request, timeout=timeout)
    return answer
