"""The catalogue: applied as a whole, every revision kept."""

from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, NotFound, Raced
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, MONTHLY, a_catalog
from tests.wire.identity.mesh import APPLIED, START, Mesh

DAY = timedelta(days=1)


async def _applied(mesh: Mesh, catalog: cards.Catalog, **more: Any) -> catalogs.ApplyCatalogResponse:
    request = catalogs.ApplyCatalogRequest(request_id=r.new_id(), catalog=catalog, **more)
    return await mesh.catalog.ApplyCatalog(request)


async def _revisions(mesh: Mesh, sku: str, **more: Any) -> catalogs.ListSkuRevisionsResponse:
    return await mesh.catalog.ListSkuRevisions(catalogs.ListSkuRevisionsRequest(sku_id=sku, **more))


async def test_a_catalogue_equal_to_the_current_one_makes_no_revision(mesh: Mesh) -> None:
    again = await _applied(mesh, a_catalog())
    assert again == catalogs.ApplyCatalogResponse(revision=1)


async def test_what_changed_gets_a_new_version_and_the_rest_keeps_its_own(own_mesh: Mesh) -> None:
    applied = await _applied(own_mesh, a_catalog(gold_monthly=3000), expected_revision=1)
    assert applied.revision == 2
    [change] = applied.changes
    assert (change.kind, change.item) == (cards.CATALOG_CHANGE_KIND_CHANGED, f"skus/{MONTHLY}")
    assert list(change.fields) == ["price: CNY 2900 -> CNY 3000"]
    found = (await _revisions(own_mesh, MONTHLY)).revisions
    assert [(one.version, one.catalog_revision) for one in found] == [(2, 2), (1, 1)]
    assert [one.version for one in (await _revisions(own_mesh, ANNUAL)).revisions] == [1]
    for at, revision, price in ((START - DAY, 1, 2900), (START, 2, 3000)):
        then = await own_mesh.catalog.GetCatalog(catalogs.GetCatalogRequest(at=r.ts(at)))
        [sku] = [sku for sku in then.catalog.skus if sku.sku_id == MONTHLY]
        assert (then.revision, sku.price.amount_minor) == (revision, price)


async def test_what_was_read_can_be_applied_again(own_mesh: Mesh) -> None:
    found = await own_mesh.catalog.GetCatalog(catalogs.GetCatalogRequest())
    assert not (await _applied(own_mesh, found.catalog)).changes


async def test_validating_only_says_the_same_and_writes_nothing(mesh: Mesh) -> None:
    said = await _applied(mesh, a_catalog(gold_annual=1), validate_only=True)
    assert said.revision == 2
    assert [change.item for change in said.changes] == [f"skus/{ANNUAL}"]
    assert (await mesh.catalog.GetCatalog(catalogs.GetCatalogRequest())).revision == 1
    assert len((await _revisions(mesh, ANNUAL)).revisions) == 1


async def test_a_catalogue_made_from_an_older_one_is_refused(mesh: Mesh) -> None:
    with pytest.raises(Raced, match=r"^STALE_VERSION:") as caught:
        await _applied(mesh, a_catalog(gold_monthly=1), expected_revision=7)
    assert caught.value.metadata == {"current_version": "1"}


async def test_before_the_first_there_is_none(mesh: Mesh) -> None:
    early = catalogs.GetCatalogRequest(at=r.ts(APPLIED - timedelta(microseconds=1)))
    with pytest.raises(NotFound, match=r"^CATALOG_NOT_FOUND:"):
        await mesh.catalog.GetCatalog(early)


async def test_every_contradiction_is_listed_at_once(mesh: Mesh) -> None:
    catalog = a_catalog()
    catalog.spus.append(catalog.spus[0])
    catalog.skus[0].spu_id = "nowhere"
    catalog.spus[1].zone = "Mars/Olympus"
    catalog.rules[1].other_sku_ids.append("no_such")
    catalog.relations[0].residue = cards.RESIDUE_RULE_UNSPECIFIED
    with pytest.raises(InvalidRequest, match=r"^CATALOG_INCONSISTENT:") as caught:
        await _applied(mesh, catalog)
    assert {(violation.field, violation.reason) for violation in caught.value.violations} >= {
        ("catalog.spus", "DUPLICATE"),
        ("catalog.skus[0].spu_id", "SPU_UNKNOWN"),
        ("catalog.spus[1].zone", "ZONE_UNKNOWN"),
        ("catalog.rules[1]", "SKU_UNKNOWN"),
        ("catalog.relations[0].residue", "RESIDUE_MISSING"),
    }
    assert (await mesh.catalog.GetCatalog(catalogs.GetCatalogRequest())).revision == 1


async def test_a_pair_needs_an_explicit_default(mesh: Mesh) -> None:
    catalog = a_catalog()
    catalog.spus[2].default_relation = cards.RELATION_POLICY_UNSPECIFIED
    catalog.spus[2].default_residue = cards.RESIDUE_RULE_FREEZE
    catalog.skus[0].spu_id = "nowhere"
    with pytest.raises(InvalidRequest, match=r"^CATALOG_INCONSISTENT:") as caught:
        await _applied(mesh, catalog)
    fields = [violation.field for violation in caught.value.violations]
    assert fields[:2] == ["catalog.spus[2].default_relation", "catalog.skus[0].spu_id"]
    assert "catalog.spus[2].default_residue" not in fields


def _rules_on(unknown: str, count: int) -> cards.Catalog:
    """A catalogue that names SKUs which it does not have."""
    catalog = a_catalog()
    catalog.rules.extend(
        cards.IdentityRule(
            rule_id=f"rule_{number}",
            sku_id=MONTHLY,
            kind=cards.IDENTITY_RULE_KIND_CONFLICT,
            mode=cards.IDENTITY_RULE_MODE_OVERLAPS,
            other_sku_ids=[f"{unknown}_{number}_{other}" for other in range(8)],
        )
        for number in range(count)
    )
    return catalog


async def test_validating_only_lists_more_than_a_status_has_room_for(mesh: Mesh) -> None:
    catalog = _rules_on("unknown", 100)
    with pytest.raises(InvalidRequest) as caught:
        await _applied(mesh, catalog)
    told = [(one.field, one.reason, one.description) for one in caught.value.violations]
    said = await _applied(mesh, catalog, validate_only=True)
    listed = [(one.field, one.reason, one.description) for one in said.violations]
    assert len(listed) == 800
    assert listed[: len(told)] == told
    assert len(told) + int(caught.value.metadata["violations_omitted"]) == 800
    assert said == catalogs.ApplyCatalogResponse(violations=said.violations)


async def test_no_list_is_longer_than_a_client_receives(mesh: Mesh) -> None:
    said = await _applied(mesh, _rules_on("name_that_is_nearly_too_long", 1_300), validate_only=True)
    assert (len(said.violations), said.violations_omitted) == (10_000, 400)


async def test_a_sku_that_is_left_out_is_retired_and_can_come_back(own_mesh: Mesh) -> None:
    without = a_catalog()
    [gone] = [sku for sku in without.skus if sku.sku_id == "card_month"]
    without.skus.remove(gone)
    applied = await _applied(own_mesh, without)
    assert [(change.kind, change.item) for change in applied.changes] == [
        (cards.CATALOG_CHANGE_KIND_REMOVED, "skus/card_month")
    ]
    assert len(applied.warnings) == 2
    await own_mesh.at(START + DAY)
    await _applied(own_mesh, a_catalog())
    found = (await _revisions(own_mesh, "card_month")).revisions
    assert [(one.version, one.retired) for one in found] == [(3, False), (2, True), (1, False)]


async def test_versions_of_a_sku_are_paged_newest_first(own_mesh: Mesh) -> None:
    for fen in range(1, 7):
        await _applied(own_mesh, a_catalog(gold_monthly=fen))
    found, token = [], ""
    for expected in (3, 3, 1):
        page = await _revisions(own_mesh, MONTHLY, page_size=3, page_token=token)
        assert len(page.revisions) == expected
        found += [one.version for one in page.revisions]
        token = page.next_page_token
    assert found == list(range(7, 0, -1))
    assert not token
    for size, expected in ((1, 1), (0, 7), (501, 7)):
        assert len((await _revisions(own_mesh, MONTHLY, page_size=size)).revisions) == expected
    other = (await _revisions(own_mesh, MONTHLY, page_size=1)).next_page_token
    with pytest.raises(InvalidRequest, match=r"^PAGE_TOKEN_INVALID:"):
        await _revisions(own_mesh, ANNUAL, page_token=other)


async def test_versions_of_an_unknown_sku_are_not_found(mesh: Mesh) -> None:
    with pytest.raises(NotFound, match=r"^SKU_NOT_FOUND:"):
        await _revisions(mesh, "no_such")
    with pytest.raises(InvalidRequest):
        await _revisions(mesh, MONTHLY, page_size=-1)
