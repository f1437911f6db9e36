"""Cards that were not bought here: one cause gives one term."""

from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, Refused
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import identity_pb2 as identity
from tests.wire.identity import requests as r
from tests.wire.identity.cards import CLUB, FESTIVAL, GIFT_ONLY, MONTHLY
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import granted, timeline_of

DAY = timedelta(days=1)
OPERATOR = {"acquisition_channel": cards.ACQUISITION_CHANNEL_OPERATOR}
KINDS = [
    identity.CAUSE_KIND_TASK,
    identity.CAUSE_KIND_PARTNER_ORDER,
    identity.CAUSE_KIND_BUNDLE_ITEM,
    identity.CAUSE_KIND_GIFT,
    identity.CAUSE_KIND_FLASH_SALE,
    identity.CAUSE_KIND_OPERATOR,
]


@pytest.mark.parametrize("kind", KINDS, ids=identity.CauseKind.Name)
async def test_a_cause_gives_a_term_once_and_answers_it_again(
    mesh: Mesh, kind: "identity.CauseKind.ValueType"
) -> None:
    member, cause = r.a_member(), r.a_cause(kind=kind)
    first = await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, cause=cause))
    assert first.term.cause == cause
    assert await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, cause=cause)) == first


@pytest.mark.parametrize(
    "other",
    [
        {"member_id": "somebody-else"},
        {"sku_id": CLUB},
        {"source": "elsewhere"},
        {"acquisition_channel": cards.ACQUISITION_CHANNEL_SUPPLIER},
        {"paid": r.yuan(1)},
        {"start_time": r.ts(START + DAY)},
    ],
    ids="".join,
)
async def test_a_cause_gives_nothing_else(mesh: Mesh, other: dict[str, Any]) -> None:
    member, cause = r.a_member(), r.a_cause()
    await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, cause=cause))
    with pytest.raises(Refused, match=r"^CAUSE_USED:") as caught:
        await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, **{"cause": cause, **other}))
    assert caught.value.metadata == {"cause_id": cause.id}


async def test_the_same_id_of_another_kind_is_another_cause(mesh: Mesh) -> None:
    member, cause_id = r.a_member(), r.new_id()
    for kind in KINDS[:2]:
        await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, cause=r.a_cause(cause_id, kind)))
    assert len((await timeline_of(mesh, member)).terms) == 2


@pytest.mark.parametrize("kind", ["ORDER", "PHYSICAL_CARD", "EXTENSION"])
async def test_a_cause_with_a_call_of_its_own_is_refused(mesh: Mesh, kind: str) -> None:
    cause = r.a_cause(kind=identity.CauseKind.Value(f"CAUSE_KIND_{kind}"))
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.GrantTerm(r.a_grant(r.a_member(), MONTHLY, cause=cause))
    assert [violation.field for violation in caught.value.violations] == ["cause.kind"]


async def test_what_was_paid_elsewhere_is_kept_and_refunded_by_time(mesh: Mesh) -> None:
    member = r.a_member()
    term = (await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, paid=r.yuan(3100)))).term
    assert term.paid == r.yuan(3100)
    await mesh.at(START + DAY)
    ended = await mesh.identity.TerminateTerm(r.a_refund(member, term.term_id))
    assert ended.effect.terminations[0].refund == r.yuan(3000)


async def test_another_currency_than_the_cards_is_refused(mesh: Mesh) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.GrantTerm(r.a_grant(r.a_member(), MONTHLY, paid=r.yuan(100, "USD")))
    assert [violation.field for violation in caught.value.violations] == ["paid.currency"]


async def test_a_pinned_start_stays(mesh: Mesh) -> None:
    member, start = r.a_member(), r.ts(START + 40 * DAY)
    pinned = (await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, start_time=start))).term
    assert pinned.state == identity.TERM_STATE_QUEUED
    assert pinned.segments[0].start_time == start
    with pytest.raises(Refused, match=r"^PINNED_START_TAKEN:") as caught:
        await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, start_time=r.ts(START + 41 * DAY)))
    assert caught.value.metadata == {"term_id": pinned.term_id}


async def test_an_operator_dates_back_with_a_reason(mesh: Mesh) -> None:
    member, past = r.a_member(), r.ts(START - 3 * DAY)
    request = r.a_grant(member, MONTHLY, effective_time=past, reason="the task was done on Friday")
    term = (await mesh.identity.GrantTerm(request)).term
    assert term.acquired_time == term.segments[0].start_time == past
    assert r.moment(term.recorded_time) == START


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"effective_time": r.ts(START - DAY)}, "reason"),
        ({"start_time": r.ts(START - DAY)}, "reason"),
        ({"effective_time": r.ts(START + DAY), "reason": "why"}, "effective_time"),
        ({"effective_time": r.ts(START - DAY), "start_time": r.ts(START), "reason": "why"}, "effective_time"),
    ],
    ids=["back without a reason", "pinned back without one", "in the future", "both"],
)
async def test_dating_has_bounds(mesh: Mesh, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.GrantTerm(r.a_grant(r.a_member(), MONTHLY, **wrong))
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_sources_and_channels_of_a_card_are_kept_to(mesh: Mesh) -> None:
    friends = {"source": "friends", "acquisition_channel": cards.ACQUISITION_CHANNEL_GIFT}
    await mesh.identity.GrantTerm(r.a_grant(r.a_member(), GIFT_ONLY, **friends))
    for other in ({"source": "strangers"}, {"acquisition_channel": cards.ACQUISITION_CHANNEL_BUNDLE}):
        with pytest.raises(Refused, match=r"^SOURCE_NOT_ALLOWED:") as caught:
            await mesh.identity.GrantTerm(r.a_grant(r.a_member(), GIFT_ONLY, **friends | other))
        assert set(caught.value.metadata) == {"sku_id", "source", "channel"}


async def test_an_operators_grant_is_bound_by_no_source_and_no_horizon(mesh: Mesh) -> None:
    member = r.a_member()
    for _ in range(4):
        await mesh.identity.GrantTerm(r.a_grant(member, "gold_annual", **OPERATOR))
    await mesh.identity.GrantTerm(r.a_grant(member, GIFT_ONLY, **OPERATOR))
    with pytest.raises(Refused, match=r"^SKU_NOT_ON_SALE:"):
        await mesh.identity.GrantTerm(r.a_grant(member, FESTIVAL))


async def test_a_grant_behind_another_renews_it(mesh: Mesh) -> None:
    member = r.a_member()
    first, second = await granted(mesh, member, MONTHLY), await granted(mesh, member, MONTHLY)
    assert second.placement == identity.PLACEMENT_RENEW
    assert second.lane_id == first.lane_id
    assert second.segments[0].start_time == first.segments[0].end_time
