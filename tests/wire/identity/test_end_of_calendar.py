"""The calendar ends with the year 9999: what would reach beyond it is refused, and harms nobody."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clients import Refused
from nectary.identity.v1 import catalog_pb2 as cards
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, MONTHLY, PASS
from tests.wire.identity.mesh import Mesh
from tests.wire.identity.shopping import granted, timeline_of

LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
AGES = cards.Period(count=1200, unit=cards.PERIOD_UNIT_YEAR)


@pytest.mark.parametrize("sku", [MONTHLY, ANNUAL, PASS])
@pytest.mark.parametrize("before", [timedelta(), timedelta(hours=9), timedelta(days=2)], ids=str)
async def test_a_pinned_start_leaves_room_for_its_term(mesh: Mesh, sku: str, before: timedelta) -> None:
    member = r.a_member()
    too_late = r.a_grant(member, sku, start_time=r.ts(LAST - before))
    good = [r.a_grant(r.a_member(), sku) for _ in range(7)]
    calls: list[Any] = [mesh.identity.GrantTerm(request) for request in (*good[:3], too_late, *good[3:])]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = answers.pop(3)
    assert isinstance(refused, Refused)
    assert (refused.reason, dict(refused.metadata)) == (
        "HORIZON_EXCEEDED",
        {"latest_end_time": "9999-12-31"},
    )
    assert [type(answer).__name__ for answer in answers] == ["GrantTermResponse"] * 7
    assert (await timeline_of(mesh, member)).version == 0


async def test_extensions_end_where_the_calendar_does(mesh: Mesh) -> None:
    member = r.a_member()
    term = await granted(mesh, member, MONTHLY)
    for _ in range(6):
        await mesh.identity.ExtendTerm(r.an_extension(member, term.term_id, by=AGES))
    before = await timeline_of(mesh, member)
    with pytest.raises(Refused, match=r"^HORIZON_EXCEEDED:"):
        await mesh.identity.ExtendTerm(r.an_extension(member, term.term_id, by=AGES))
    assert await timeline_of(mesh, member) == before


async def test_on_the_last_day_nothing_more_is_sold(own_mesh: Mesh) -> None:
    await own_mesh.at(LAST)
    member = r.a_member()
    calls: list[Any] = [
        own_mesh.identity.PreviewPurchase(r.a_preview(member, MONTHLY)),
        own_mesh.identity.ExplainPurchase(r.an_explanation(member, MONTHLY)),
        own_mesh.identity.CreateOrder(r.an_order(member, MONTHLY)),
        own_mesh.identity.GrantTerm(r.a_grant(member, MONTHLY)),
    ]
    for call in calls:
        with pytest.raises(Refused, match=r"^HORIZON_EXCEEDED:"):
            await call
