"""Buying a card: what the preview says, the order quotes and the payment does."""

from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from clients import NotFound, Raced, Refused
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import identity_pb2 as identity
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, CLUB, FESTIVAL, GIFT_ONLY, MONTHLY, QUARTERLY, TRIAL, a_catalog
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted, ordered, refunded, timeline_of


@pytest.mark.parametrize("sku", [MONTHLY, ANNUAL])
async def test_what_a_preview_says_is_what_the_order_quotes_and_the_payment_does(
    mesh: Mesh, sku: str
) -> None:
    """ID-13, for a first card and for an upgrade with a money credit."""
    member = r.a_member()
    if sku == ANNUAL:
        await bought(mesh, member, QUARTERLY)
        await mesh.at(START + timedelta(days=40))
    preview = await mesh.identity.PreviewPurchase(r.a_preview(member, sku))
    quoted = await mesh.identity.CreateOrder(r.an_order(member, sku, preview_etag=preview.etag))
    assert quoted.effect == preview.effect
    assert (quoted.order.price, quoted.order.credit, quoted.order.payable) == (
        preview.effect.price,
        preview.effect.credit,
        preview.effect.payable,
    )
    paid = await mesh.identity.ConfirmPayment(r.a_payment(quoted.order))
    assert paid.term.placement == preview.effect.placement
    assert paid.term.paid == preview.effect.payable
    assert list(paid.term.supersedes) == [item.term_id for item in preview.effect.supersessions]
    assert _places(paid.term.segments) == _places(preview.effect.segments)
    assert paid.timeline == await timeline_of(mesh, member)


def _places(segments: Iterable[identity.Segment]) -> list[tuple[str, datetime, datetime, str]]:
    return [(s.sku_id, r.moment(s.start_time), r.moment(s.end_time), s.valid_through) for s in segments]


async def test_a_preview_writes_nothing(mesh: Mesh) -> None:
    member = r.a_member()
    await mesh.identity.PreviewPurchase(r.a_preview(member, MONTHLY))
    assert (await timeline_of(mesh, member)).version == 0


async def test_a_preview_grows_stale_when_the_timeline_changes(mesh: Mesh) -> None:
    member = r.a_member()
    preview = await mesh.identity.PreviewPurchase(r.a_preview(member, MONTHLY))
    await granted(mesh, member, MONTHLY)
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:"):
        await mesh.identity.CreateOrder(r.an_order(member, MONTHLY, preview_etag=preview.etag))


async def test_a_preview_grows_stale_when_the_catalogue_changes_and_an_order_does_not(
    own_mesh: Mesh,
) -> None:
    member = r.a_member()
    preview = await own_mesh.identity.PreviewPurchase(r.a_preview(member, MONTHLY))
    order = await ordered(own_mesh, member, MONTHLY)
    dearer = catalogs.ApplyCatalogRequest(request_id=r.new_id(), catalog=a_catalog(gold_monthly=9900))
    await own_mesh.catalog.ApplyCatalog(dearer)
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:"):
        await own_mesh.identity.CreateOrder(r.an_order(member, MONTHLY, preview_etag=preview.etag))
    paid = await own_mesh.identity.ConfirmPayment(r.a_payment(order))
    assert (paid.term.sku_version, paid.term.paid) == (1, r.yuan(2900))


async def test_an_etag_of_another_member_is_stale(mesh: Mesh) -> None:
    preview = await mesh.identity.PreviewPurchase(r.a_preview(r.a_member(), MONTHLY))
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:"):
        await mesh.identity.CreateOrder(r.an_order(r.a_member(), MONTHLY, preview_etag=preview.etag))


REFUSALS = {
    FESTIVAL: "SKU_NOT_ON_SALE",
    GIFT_ONLY: "SOURCE_NOT_ALLOWED",
    CLUB: "RELATION_REJECTS",
    TRIAL: "TRIAL_USED",
    ANNUAL: "HORIZON_EXCEEDED",
    "fengxiang_month": "PREREQUISITE_MISSING",
    "student_year": "IDENTITY_CONFLICT",
}


@pytest.mark.parametrize(("sku", "reason"), REFUSALS.items())
async def test_preview_order_and_explanation_refuse_for_the_same_reason(
    mesh: Mesh, sku: str, reason: str
) -> None:
    member = r.a_member()
    needed = {CLUB: [CLUB], TRIAL: [TRIAL], ANNUAL: [ANNUAL] * 3, "student_year": [ANNUAL]}
    for held in needed.get(sku, []):
        await bought(mesh, member, held)
    with pytest.raises(Refused) as previewed:
        await mesh.identity.PreviewPurchase(r.a_preview(member, sku))
    with pytest.raises(Refused) as refused:
        await mesh.identity.CreateOrder(r.an_order(member, sku))
    assert previewed.value.reason == refused.value.reason == reason
    assert previewed.value.metadata == refused.value.metadata
    told = await mesh.identity.ExplainPurchase(r.an_explanation(member, sku))
    assert not told.accepted
    assert not told.HasField("effect")
    failed = [check.explanation for check in told.checks if not check.passed]
    assert failed[0] == previewed.value.message


async def test_an_unknown_sku_is_not_found(mesh: Mesh) -> None:
    member = r.a_member()
    calls: list[Awaitable[Any]] = [
        mesh.identity.PreviewPurchase(r.a_preview(member, "no_such")),
        mesh.identity.ExplainPurchase(r.an_explanation(member, "no_such")),
        mesh.identity.CreateOrder(r.an_order(member, "no_such")),
        mesh.identity.GrantTerm(r.a_grant(member, "no_such")),
    ]
    for call in calls:
        with pytest.raises(NotFound, match=r"^SKU_NOT_FOUND:"):
            await call


async def test_a_trial_is_had_once_by_a_member_and_once_by_a_fingerprint(mesh: Mesh) -> None:
    """ID-15; a refund alone does not give it back, an operator does."""
    first, second, phone = r.a_member(), r.a_member(), r.new_id()
    order = (await mesh.identity.CreateOrder(r.an_order(first, TRIAL, fingerprints=[phone]))).order
    term = (await mesh.identity.ConfirmPayment(r.a_payment(order))).term
    await refunded(mesh, first, term)
    for request in (r.an_order(first, TRIAL), r.an_order(second, TRIAL, fingerprints=[r.new_id(), phone])):
        with pytest.raises(Refused, match=r"^TRIAL_USED:") as caught:
            await mesh.identity.CreateOrder(request)
        assert caught.value.metadata == {"trial_family": "gold_taste"}
    await mesh.identity.TerminateTerm(r.a_refund(first, term.term_id, release_trial=True))
    await mesh.identity.CreateOrder(r.an_order(second, TRIAL, fingerprints=[phone]))
