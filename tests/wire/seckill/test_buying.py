"""Buying in a flash sale, over the wire: each method, each refusal, the same request again."""

from datetime import timedelta
from typing import Any

import grpc
import pytest

from clients import InvalidRequest, NotFound, Refused, Throttled
from nectary.seckill.v1 import seckill_pb2 as seckill
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.wire.identity import requests as cards
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import refusal, reserved, selling, served, state_of
from tests.wire.seckill.mesh import START, Mesh


async def test_a_reservation_says_what_is_to_be_paid_and_by_when(mesh: Mesh) -> None:
    activity_id = await selling(mesh, member_limit=3)
    found = await reserved(mesh, activity_id, quantity=2)
    assert found.payable == r.yuan(1980)
    assert (found.member_id, found.quantity) == ("ann", 2)
    assert found.expire_time.ToMicroseconds() - found.reserve_time.ToMicroseconds() == 900_000_000


async def test_the_same_request_has_the_same_answer_whatever_happened_since(mesh: Mesh) -> None:
    """I5: also after the order was cancelled and the unit sold to another."""
    activity_id = await selling(mesh, stock=1)
    request = r.a_reservation(activity_id)
    first = await mesh.call("ReserveUnit", request)
    assert await mesh.call("ReserveUnit", request) == first
    order_id = pb.ReserveUnitResponse.FromString(first).reservation.order_id
    await mesh.seckill.CancelOrder(r.a_cancellation(order_id))
    await served(mesh, r.a_reservation(activity_id, "bob"))
    assert await mesh.call("ReserveUnit", request) == first


async def test_the_same_request_id_for_something_else_is_refused(mesh: Mesh) -> None:
    activity_id = await selling(mesh, member_limit=3)
    request = r.a_reservation(activity_id)
    await mesh.seckill.ReserveUnit(request)
    request.quantity = 2
    error = await refusal(mesh.seckill.ReserveUnit(request))
    assert isinstance(error, InvalidRequest)
    assert error.reason == "IDEMPOTENCY_KEY_REUSED"
    assert [violation.field for violation in error.violations] == ["request_id"]


async def test_a_sold_out_request_is_served_when_a_unit_comes_back(mesh: Mesh) -> None:
    """Failure rows 5, 17: SOLD_OUT is not for ever, and the request id stays usable."""
    activity_id = await selling(mesh, stock=1)
    first = await reserved(mesh, activity_id)
    request = r.a_reservation(activity_id, "bob")
    error = await refusal(mesh.seckill.ReserveUnit(request))
    assert isinstance(error, Throttled)
    assert (error.code, error.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SOLD_OUT")
    assert error.metadata == {"activity_id": activity_id}
    await mesh.seckill.CancelOrder(r.a_cancellation(first.order_id))
    assert (await served(mesh, request)).member_id == "bob"


@pytest.mark.parametrize(
    ("settings", "more", "reason"),
    [
        ({"open_time": r.ts(START + timedelta(seconds=1))}, {}, "NOT_OPEN_YET"),
        ({"member_limit": 2}, {"quantity": 3}, "MEMBER_LIMIT_REACHED"),
        ({"scenes": ["app.home"]}, {"scene": "elsewhere"}, "SCENE_NOT_ALLOWED"),
        ({"scenes": ["app.home"]}, {}, "SCENE_NOT_ALLOWED"),
        ({"tranches": [seckill.Tranche(stock=10, sku_ids=[r.GOLD])]}, {}, "NOT_ELIGIBLE"),
    ],
)
async def test_a_rule_that_forbids_it_is_named(
    mesh: Mesh, settings: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    activity_id = await selling(mesh, **settings)
    error = await refusal(mesh.seckill.ReserveUnit(r.a_reservation(activity_id, **more)))
    assert isinstance(error, Refused)
    assert (error.reason, error.metadata["activity_id"]) == (reason, activity_id)


async def test_nothing_is_sold_after_the_end_or_of_a_draft(mesh: Mesh) -> None:
    """SK-6."""
    draft = r.an_id()
    await mesh.activities.CreateActivity(r.a_creation(draft))
    assert (await refusal(reserved(mesh, draft))).reason == "ACTIVITY_NOT_FOUND"
    assert (await refusal(reserved(mesh, r.an_id()))).reason == "ACTIVITY_NOT_FOUND"
    over, closed = await selling(mesh), await selling(mesh)
    await mesh.activities.CloseActivity(r.a_closing(closed))
    assert (await refusal(reserved(mesh, closed))).reason == "ACTIVITY_CLOSED"
    await mesh.at(START + timedelta(hours=1))
    assert (await refusal(reserved(mesh, over))).reason == "ACTIVITY_CLOSED"


async def test_a_member_has_no_more_than_the_limit(mesh: Mesh) -> None:
    """SK-3."""
    activity_id = await selling(mesh, member_limit=2)
    await reserved(mesh, activity_id)
    second = await reserved(mesh, activity_id)
    request = r.a_reservation(activity_id)
    error = await refusal(mesh.seckill.ReserveUnit(request))
    assert (error.reason, error.metadata["member_limit"]) == ("MEMBER_LIMIT_REACHED", "2")
    await mesh.seckill.CancelOrder(r.a_cancellation(second.order_id))
    assert (await served(mesh, request)).member_id == "ann"


async def test_holders_of_a_card_come_first_and_the_rest_at_the_release(mesh: Mesh) -> None:
    """Identity says who holds one; a unit moves to nobody else before its release."""
    release = START + timedelta(minutes=10)
    tranches = [
        seckill.Tranche(stock=1, sku_ids=[r.GOLD], release_time=r.ts(release)),
        seckill.Tranche(stock=1),
    ]
    activity_id = await selling(mesh, stock=2, tranches=tranches)
    holder, others = cards.a_member(), [cards.a_member() for _ in range(3)]
    await mesh.identity.GrantTerm(cards.a_grant(holder, r.GOLD))
    await reserved(mesh, activity_id, others[0])
    assert (await refusal(reserved(mesh, activity_id, others[1]))).reason == "SOLD_OUT"
    held = await reserved(mesh, activity_id, holder)
    order = (await mesh.seckill.GetOrder(pb.GetOrderRequest(order_id=held.order_id))).order
    assert order.tranche == 1
    await mesh.seckill.CancelOrder(r.a_cancellation(held.order_id))
    assert (await refusal(reserved(mesh, activity_id, others[1]))).reason == "SOLD_OUT"
    await mesh.at(release)
    await served(mesh, r.a_reservation(activity_id, others[1]))


async def test_the_result_of_a_request_can_be_asked_for(mesh: Mesh) -> None:
    activity_id = await selling(mesh)
    request = r.a_reservation(activity_id)
    before = await mesh.seckill.GetResult(r.a_question(request))
    assert before.state == pb.RESULT_STATE_NONE
    found = (await mesh.seckill.ReserveUnit(request)).reservation
    after = await mesh.seckill.GetResult(r.a_question(request))
    assert (after.state, after.order.order_id) == (pb.RESULT_STATE_ORDERED, found.order_id)
    assert after.order.state == seckill.ORDER_STATE_RESERVED


async def test_a_payment_pays_its_order_once(mesh: Mesh) -> None:
    """SK-4: told again it is the same, another payment goes back."""
    activity_id = await selling(mesh)
    order_id = (await reserved(mesh, activity_id)).order_id
    payment = r.a_payment(order_id)
    first = await mesh.call("ConfirmPayment", payment)
    assert await mesh.call("ConfirmPayment", payment) == first
    paid = pb.ConfirmPaymentResponse.FromString(first)
    assert paid.order.state == seckill.ORDER_STATE_PAID
    assert paid.payment.fate == seckill.PAYMENT_FATE_APPLIED
    second = await mesh.seckill.ConfirmPayment(r.a_payment(order_id))
    assert second.payment.fate == seckill.PAYMENT_FATE_REFUNDED
    assert second.payment.refund_cause == seckill.REFUND_CAUSE_ORDER_PAID_ALREADY


async def test_a_payment_id_has_one_fate(mesh: Mesh) -> None:
    """SK-4, under another request id too."""
    activity_id = await selling(mesh, member_limit=2)
    one, two = [(await reserved(mesh, activity_id)).order_id for _ in range(2)]
    payment = r.a_payment(one)
    await mesh.seckill.ConfirmPayment(payment)
    again = await mesh.seckill.ConfirmPayment(r.a_payment(one, payment_id=payment.payment_id))
    assert again.payment.fate == seckill.PAYMENT_FATE_APPLIED
    error = await refusal(mesh.seckill.ConfirmPayment(r.a_payment(two, payment_id=payment.payment_id)))
    assert (error.reason, error.metadata["order_id"]) == ("PAYMENT_ID_REUSED", one)


async def test_a_wrong_amount_goes_back_and_the_order_waits_on(mesh: Mesh) -> None:
    order_id = (await reserved(mesh, await selling(mesh))).order_id
    short = await mesh.seckill.ConfirmPayment(r.a_payment(order_id, fen=989))
    assert short.payment.refund_cause == seckill.REFUND_CAUSE_AMOUNT_WRONG
    assert await state_of(mesh, order_id) == "RESERVED"


async def test_an_unpaid_order_expires_and_its_unit_is_sold_again(mesh: Mesh) -> None:
    """I8; the late payment finds no unit and goes back (SK-4)."""
    activity_id = await selling(mesh, stock=1)
    first = await reserved(mesh, activity_id)
    await mesh.at(START + timedelta(minutes=15))
    assert await state_of(mesh, first.order_id) == "EXPIRED"
    await served(mesh, r.a_reservation(activity_id, "bob"))
    late = await mesh.seckill.ConfirmPayment(r.a_payment(first.order_id))
    assert late.payment.refund_cause == seckill.REFUND_CAUSE_SOLD_OUT
    assert late.order.state == seckill.ORDER_STATE_EXPIRED


async def test_a_late_payment_gets_a_unit_while_there_is_one(mesh: Mesh) -> None:
    order_id = (await reserved(mesh, await selling(mesh))).order_id
    await mesh.at(START + timedelta(minutes=20))
    late = await mesh.seckill.ConfirmPayment(r.a_payment(order_id))
    assert late.payment.fate == seckill.PAYMENT_FATE_APPLIED
    assert await state_of(mesh, order_id) == "PAID"


async def test_a_cancelled_order_stays_cancelled(mesh: Mesh) -> None:
    order_id = (await reserved(mesh, await selling(mesh))).order_id
    cancelled = await mesh.seckill.CancelOrder(r.a_cancellation(order_id, reason="a whim"))
    assert cancelled.order.end_reason == "a whim"
    assert (await mesh.seckill.CancelOrder(r.a_cancellation(order_id))).order.end_reason == "a whim"
    paid = await mesh.seckill.ConfirmPayment(r.a_payment(order_id))
    assert paid.payment.refund_cause == seckill.REFUND_CAUSE_ORDER_CANCELLED


async def test_a_paid_order_is_not_cancelled(mesh: Mesh) -> None:
    order_id = (await reserved(mesh, await selling(mesh))).order_id
    await mesh.seckill.ConfirmPayment(r.a_payment(order_id))
    error = await refusal(mesh.seckill.CancelOrder(r.a_cancellation(order_id)))
    assert (error.reason, error.metadata["state"]) == ("ORDER_STATE_WRONG", "PAID")


@pytest.mark.parametrize("call", ["GetOrder", "CancelOrder", "ConfirmPayment"])
async def test_an_order_that_does_not_exist_is_not_found(mesh: Mesh, call: str) -> None:
    request = {
        "GetOrder": pb.GetOrderRequest(order_id="nothing"),
        "CancelOrder": r.a_cancellation("nothing"),
        "ConfirmPayment": r.a_payment("nothing"),
    }[call]
    error = await refusal(mesh.call(call, request))
    assert isinstance(error, NotFound)
    assert (error.reason, error.metadata) == ("ORDER_NOT_FOUND", {"order_id": "nothing"})


async def test_orders_are_listed_by_pages_the_newest_first(mesh: Mesh) -> None:
    """Also those of one instant, as one group of a sale makes them."""
    activity_id = await selling(mesh, member_limit=10)
    made = [(await reserved(mesh, activity_id)).order_id for _ in range(3)]
    await mesh.at(START + timedelta(seconds=1))
    newest = (await reserved(mesh, activity_id)).order_id
    seen, token = [], ""
    while True:
        page = await mesh.seckill.ListOrders(
            pb.ListOrdersRequest(member_id="ann", activity_id=activity_id, page_size=2, page_token=token)
        )
        seen += [order.order_id for order in page.orders]
        token = page.next_page_token
        if not token:
            break
        assert len(page.orders) == 2
    assert seen[0] == newest
    assert sorted(seen[1:]) == sorted(made)
    of_all = await mesh.seckill.ListOrders(pb.ListOrdersRequest(activity_id=activity_id))
    assert [order.order_id for order in of_all.orders] == seen
