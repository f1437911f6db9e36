"""A paid order becomes a card, or the money goes back: with all jobs, through streams and back."""

from datetime import timedelta

from nectary.identity.v1 import identity_service_pb2 as identity
from nectary.seckill.v1 import seckill_pb2 as seckill
from tests.wire.identity.cards import CLUB
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import refusal, reserved, selling, served, until
from tests.wire.seckill.mesh import START, Mesh


async def test_a_paid_order_becomes_a_card_of_its_member(living_mesh: Mesh) -> None:
    """SK-4."""
    order_id = (await reserved(living_mesh, await selling(living_mesh))).order_id
    await living_mesh.seckill.ConfirmPayment(r.a_payment(order_id))
    await until(living_mesh, order_id, "DELIVERED")
    held = await living_mesh.identity.ListIdentities(identity.ListIdentitiesRequest(member_id="ann"))
    assert [one.sku_id for one in held.identities] == [r.GOLD]


async def test_a_card_that_cannot_be_given_is_refunded_and_its_unit_sold_again(living_mesh: Mesh) -> None:
    """SK-2, SK-4: whoever holds the club's card is not given another."""
    activity_id = await selling(living_mesh, item=seckill.Item(sku_id=CLUB), stock=2, member_limit=2)
    first, second = [(await reserved(living_mesh, activity_id)).order_id for _ in range(2)]
    await living_mesh.seckill.ConfirmPayment(r.a_payment(first))
    await until(living_mesh, first, "DELIVERED")
    assert (await refusal(reserved(living_mesh, activity_id, "bob"))).reason == "SOLD_OUT"
    payment = r.a_payment(second)
    await living_mesh.seckill.ConfirmPayment(payment)
    await until(living_mesh, second, "REFUNDED")
    again = await living_mesh.seckill.ConfirmPayment(r.a_payment(second, payment_id=payment.payment_id))
    assert again.payment.refund_cause == seckill.REFUND_CAUSE_DELIVERY_REFUSED
    assert again.order.end_reason
    await served(living_mesh, r.a_reservation(activity_id, "bob"))


async def test_the_expiry_job_gives_units_back(living_mesh: Mesh) -> None:
    """I8: the clock is moved, and whatever fell due has been done."""
    activity_id = await selling(living_mesh, stock=1)
    await reserved(living_mesh, activity_id)
    await living_mesh.at(START + timedelta(minutes=16))
    await served(living_mesh, r.a_reservation(activity_id, "bob"))
