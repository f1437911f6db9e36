"""Paying for an order, once and in time, or cancelling it."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, NotFound, Raced, Refused
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, ordered, timeline_of

ORDER_LIFE = timedelta(minutes=30)


async def test_an_order_is_stale_when_its_terms_no_longer_hold(mesh: Mesh) -> None:
    member = r.a_member()
    order = await ordered(mesh, member, MONTHLY)
    await bought(mesh, member, MONTHLY)
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:") as caught:
        await mesh.identity.ConfirmPayment(r.a_payment(order))
    assert caught.value.metadata == {"order_id": order.order_id}
    assert caught.value.retry_after_seconds == 0.05


async def test_an_order_can_be_paid_until_its_last_microsecond(mesh: Mesh) -> None:
    early, late = await ordered(mesh, r.a_member(), MONTHLY), await ordered(mesh, r.a_member(), MONTHLY)
    await mesh.at(START + ORDER_LIFE)
    expired = await mesh.identity.GetOrder(pb.GetOrderRequest(order_id=late.order_id))
    assert expired.order.state == identity.ORDER_STATE_EXPIRED
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:"):
        await mesh.identity.ConfirmPayment(r.a_payment(late))
    just = r.ts(START + ORDER_LIFE - timedelta(microseconds=1))
    paid = await mesh.identity.ConfirmPayment(r.a_payment(early, paid_time=just))
    assert paid.order.paid_time == paid.term.acquired_time == paid.term.segments[0].start_time == just


@pytest.mark.parametrize("shift", [-timedelta(microseconds=1), timedelta(microseconds=1)])
async def test_a_payment_lies_between_its_order_and_now(mesh: Mesh, shift: timedelta) -> None:
    order = await ordered(mesh, r.a_member(), MONTHLY)
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.ConfirmPayment(r.a_payment(order, paid_time=r.ts(START + shift)))
    assert [violation.field for violation in caught.value.violations] == ["paid_time"]


async def test_the_same_payment_twice_changes_nothing(mesh: Mesh) -> None:
    member = r.a_member()
    payment = r.a_payment(await ordered(mesh, member, MONTHLY))
    first = await mesh.identity.ConfirmPayment(payment)
    payment.request_id = r.new_id()
    assert await mesh.identity.ConfirmPayment(payment) == first
    assert len((await timeline_of(mesh, member)).terms) == 1


async def test_a_second_payment_is_to_be_refunded(mesh: Mesh) -> None:
    order = await ordered(mesh, r.a_member(), MONTHLY)
    first = await mesh.identity.ConfirmPayment(r.a_payment(order))
    for amount in (order.payable, r.yuan(1)):
        with pytest.raises(Refused, match=r"^ORDER_PAID_ALREADY:") as caught:
            await mesh.identity.ConfirmPayment(r.a_payment(order, amount=amount))
        assert caught.value.metadata == {
            "order_id": order.order_id,
            "payment_id": first.order.payment_id,
        }


async def test_the_same_payment_with_another_amount_is_refused(mesh: Mesh) -> None:
    order = await ordered(mesh, r.a_member(), MONTHLY)
    payment = r.a_payment(order)
    await mesh.identity.ConfirmPayment(payment)
    again = r.a_payment(order, payment_id=payment.payment_id, amount=r.yuan(1))
    with pytest.raises(Refused, match=r"^PAYMENT_AMOUNT_WRONG:"):
        await mesh.identity.ConfirmPayment(again)


@pytest.mark.parametrize(("fen", "currency"), [(2899, "CNY"), (2901, "CNY"), (2900, "USD")])
async def test_only_the_payable_amount_pays(mesh: Mesh, fen: int, currency: str) -> None:
    order = await ordered(mesh, r.a_member(), MONTHLY)
    with pytest.raises(Refused, match=r"^PAYMENT_AMOUNT_WRONG:") as caught:
        await mesh.identity.ConfirmPayment(r.a_payment(order, amount=r.yuan(fen, currency)))
    assert caught.value.metadata["expected_minor"] == "2900"
    assert (await mesh.identity.ConfirmPayment(r.a_payment(order))).order.state == identity.ORDER_STATE_PAID


async def test_a_cancelled_order_cannot_be_paid_and_stays_cancelled(mesh: Mesh) -> None:
    order = await ordered(mesh, r.a_member(), MONTHLY)
    first, again = [
        await mesh.identity.CancelOrder(pb.CancelOrderRequest(request_id=r.new_id(), order_id=order.order_id))
        for _ in range(2)
    ]
    assert first == again
    assert first.order.state == identity.ORDER_STATE_CANCELLED
    with pytest.raises(Refused, match=r"^ORDER_STATE_WRONG:"):
        await mesh.identity.ConfirmPayment(r.a_payment(order))
    found = await mesh.identity.GetOrder(pb.GetOrderRequest(order_id=order.order_id))
    assert found.order == first.order


async def test_a_paid_order_cannot_be_cancelled(mesh: Mesh) -> None:
    order = await ordered(mesh, r.a_member(), MONTHLY)
    await mesh.identity.ConfirmPayment(r.a_payment(order))
    with pytest.raises(Refused, match=r"^ORDER_STATE_WRONG:"):
        await mesh.identity.CancelOrder(pb.CancelOrderRequest(request_id=r.new_id(), order_id=order.order_id))


async def test_an_unknown_order_is_not_found(mesh: Mesh) -> None:
    nothing = r.new_id()
    calls: list[Awaitable[Any]] = [
        mesh.identity.GetOrder(pb.GetOrderRequest(order_id=nothing)),
        mesh.identity.CancelOrder(pb.CancelOrderRequest(request_id=r.new_id(), order_id=nothing)),
        mesh.identity.ConfirmPayment(r.a_payment(identity.Order(order_id=nothing, payable=r.yuan(1)))),
    ]
    for call in calls:
        with pytest.raises(NotFound, match=r"^ORDER_NOT_FOUND:") as caught:
            await call
        assert caught.value.metadata == {"order_id": nothing}
