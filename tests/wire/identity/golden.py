"""One exchange a method, told as a story, and compared with what is kept under `golden/`."""

from datetime import timedelta
from pathlib import Path

from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.exchanges import Exchanges, paths_of
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, CARD, FENGXIANG, MONTHLY, QUARTERLY, STUDENT, a_catalog
from tests.wire.identity.mesh import START, Mesh

FOLDER = Path(__file__).parent / "golden"
SERVICES = (
    catalogs.DESCRIPTOR.services_by_name["CatalogService"],
    pb.DESCRIPTOR.services_by_name["IdentityService"],
)
PATHS = paths_of(SERVICES)
METHODS = list(PATHS)


class Story(Exchanges[Mesh]):
    """What was asked of Identity."""

    def __init__(self, mesh: Mesh) -> None:
        super().__init__(mesh, SERVICES)


async def told(mesh: Mesh) -> Story:
    """Ann's upgrade, her card that needs it, and its refund; Bob's card, and how he turns out to be Ann."""
    story = Story(mesh)
    await _catalogue(story)
    annual = await _upgrade(story, mesh)
    await _company(story, mesh)
    await _refund(story, mesh, annual)
    await _cards_and_merge(story)
    await _reads(story, mesh)
    return story


async def _catalogue(story: Story) -> None:
    apply = catalogs.ApplyCatalogRequest(request_id=r.new_id(), catalog=a_catalog(gold_monthly=3000))
    await story.tell("ApplyCatalog", apply)
    await story.tell("GetCatalog", catalogs.GetCatalogRequest(at=r.ts(START)))
    await story.tell("ListSkuRevisions", catalogs.ListSkuRevisionsRequest(sku_id=MONTHLY))


async def _upgrade(story: Story, mesh: Mesh) -> identity.Term:
    unwanted = await mesh.identity.CreateOrder(r.an_order("ann", MONTHLY))
    cancel = pb.CancelOrderRequest(request_id=r.new_id(), order_id=unwanted.order.order_id, reason="a whim")
    await story.tell("CancelOrder", cancel)
    first = await mesh.identity.CreateOrder(r.an_order("ann", QUARTERLY))
    await mesh.identity.ConfirmPayment(r.a_payment(first.order))
    await mesh.at(START + timedelta(days=30))
    preview = await story.tell("PreviewPurchase", r.a_preview("ann", ANNUAL))
    order = await story.tell("CreateOrder", r.an_order("ann", ANNUAL, preview_etag=preview.etag))
    paid = await story.tell("ConfirmPayment", r.a_payment(order.order))
    await story.tell("GetOrder", pb.GetOrderRequest(order_id=order.order.order_id))
    await story.tell("ExplainPurchase", r.an_explanation("ann", STUDENT))
    term: identity.Term = paid.term
    return term


async def _company(story: Story, mesh: Mesh) -> None:
    await mesh.at(START + timedelta(days=31))
    granted = await story.tell("GrantTerm", r.a_grant("ann", FENGXIANG))
    await mesh.at(START + timedelta(days=33))
    await story.tell("PauseTerm", r.a_pause("ann", granted.term.term_id, reason="she travels"))
    await mesh.at(START + timedelta(days=40))
    await story.tell("ResumeTerm", r.a_resumption("ann", granted.term.term_id))
    await story.tell("ExtendTerm", r.an_extension("ann", granted.term.term_id))


async def _refund(story: Story, mesh: Mesh, term: identity.Term) -> None:
    await mesh.at(START + timedelta(days=50))
    preview = pb.PreviewTerminationRequest(member_id="ann", term_id=term.term_id, share_ppm=500_000)
    await story.tell("PreviewTermination", preview)
    refund = r.a_refund("ann", term.term_id)
    await story.tell("TerminateTerm", refund)
    await story.tell("ReinstateTerm", r.a_reinstatement("ann", refund.refund_id, reason="she stays"))


async def _cards_and_merge(story: Story) -> None:
    batch = await story.tell("CreateCardBatch", r.a_batch(CARD, START + timedelta(days=99), count=2))
    await story.tell("RedeemCard", r.a_redemption("bob", batch.codes[0]))
    await story.tell("VoidCards", r.a_voiding(batch.codes))
    await story.tell("MergeMembers", r.a_merge("ann", "bob"))


async def _reads(story: Story, mesh: Mesh) -> None:
    await mesh.at(START + timedelta(days=51))
    await story.tell("GetTimeline", pb.GetTimelineRequest(member_id="ann"))
    await story.tell("ListIdentities", pb.ListIdentitiesRequest(member_id="ann"))
    await story.tell("BatchCheckIdentities", pb.BatchCheckIdentitiesRequest(member_ids=["eve", "ann"]))
    # Announcements of one instant come in the order of random lane ids.
    kinds = [identity.EVENT_TYPE_TERM_PLACED, identity.EVENT_TYPE_TERM_TERMINATED]
    await story.tell("ListEvents", pb.ListEventsRequest(member_id="ann", types=kinds, page_size=4))
    await story.tell("RecordAttention", r.an_attention("gold", uses=3, views=40))
