"""One exchange a method."""

from datetime import timedelta

from nectary.seckill.v1 import activity_service_pb2 as activities
from nectary.seckill.v1 import seckill_pb2 as seckill
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.wire.exchanges import Exchanges
from tests.wire.seckill import requests as r
from tests.wire.seckill.mesh import SERVICES, START, Mesh

SALE = "gold_sale"


async def told(mesh: Mesh) -> Exchanges[Mesh]:
    """A sale from its draft to its end, in which Ann buys two and changes her mind about a third."""
    story = Exchanges(mesh, SERVICES)
    await _activity(story)
    await _purchases(story, mesh)
    await _end(story, mesh)
    return story


async def _activity(story: Exchanges[Mesh]) -> None:
    holders = seckill.Tranche(stock=2, sku_ids=["gold_annual"], release_time=r.ts(START + timedelta(hours=1)))
    creation = r.a_creation(
        SALE,
        open_time=r.ts(START - timedelta(minutes=1)),
        close_time=r.ts(START + timedelta(days=1)),
        tranches=[holders, seckill.Tranche(stock=8)],
        scenes=["app.home"],
        member_limit=3,
    )
    await story.tell("CreateActivity", creation)
    await story.tell("UpdateActivity", r.an_update(SALE, 1, title="Gold for a dance"))
    await story.tell("PublishActivity", r.a_publication(SALE, expected_revision=2))


async def _purchases(story: Exchanges[Mesh], mesh: Mesh) -> None:
    first = r.a_reservation(SALE, quantity=2, scene="app.home", device="d" * 8)
    order_id = (await story.tell("ReserveUnit", first)).reservation.order_id
    await mesh.at(START + timedelta(minutes=1))
    await story.tell("ConfirmPayment", r.a_payment(order_id, fen=1980, pay_time=r.ts(START)))
    await story.tell("GetOrder", pb.GetOrderRequest(order_id=order_id))
    second = await mesh.seckill.ReserveUnit(r.a_reservation(SALE, scene="app.home"))
    cancellation = r.a_cancellation(second.reservation.order_id, reason="a whim")
    await story.tell("CancelOrder", cancellation)
    await story.tell("GetResult", r.a_question(first))
    await story.tell("ListOrders", pb.ListOrdersRequest(member_id="ann", activity_id=SALE))


async def _end(story: Exchanges[Mesh], mesh: Mesh) -> None:
    await story.tell("GetActivity", activities.GetActivityRequest(activity_id=SALE))
    # The gate hears of orders a moment after their buyers.
    await mesh.activities.Reconcile(r.a_reconciliation(SALE, repair=True))
    await story.tell("Reconcile", r.a_reconciliation(SALE, repair=True))
    await story.tell("CloseActivity", r.a_closing(SALE))
    closed = activities.ListActivitiesRequest(state=seckill.ACTIVITY_STATE_CLOSED, page_size=2)
    await story.tell("ListActivities", closed)
