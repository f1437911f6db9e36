"""The list of events: pages, tokens, and a reader who follows."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.mesh.pages import token_of
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted

SETTLED_SECONDS = 2.0


async def _page(mesh: Mesh, member: str = "", **more: Any) -> pb.ListEventsResponse:
    return await mesh.identity.ListEvents(pb.ListEventsRequest(member_id=member, **more))


async def _paged(mesh: Mesh, member: str, **more: Any) -> list[identity.TimelineEvent]:
    """All events of a member, page by page."""
    page = await _page(mesh, member, **more)
    found = list(page.events)
    while page.next_page_token:
        page = await _page(mesh, member, **{**more, "page_token": page.next_page_token})
        found += page.events
    return found


async def test_events_are_numbered_from_one_without_a_gap(mesh: Mesh) -> None:
    member = r.a_member()
    for _ in range(3):
        await bought(mesh, member, MONTHLY)
    await mesh.at(START + timedelta(days=200))
    events = await _paged(mesh, member)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.type for event in events] == [
        identity.EVENT_TYPE_TERM_PLACED,
        identity.EVENT_TYPE_IDENTITY_STARTED,
        identity.EVENT_TYPE_TERM_PLACED,
        identity.EVENT_TYPE_TERM_PLACED,
        identity.EVENT_TYPE_IDENTITY_ENDED,
    ]
    assert {event.member_id for event in events} == {member}
    assert len({event.event_id for event in events}) == len(events)
    assert [event.actor for event in events] == ["local"] * 4 + ["job:announcements"]
    assert [bool(event.request_id) for event in events] == [True] * 4 + [False]


@pytest.mark.parametrize(("size", "lengths"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (0, [7])])
async def test_pages_have_the_size_asked_for_and_the_last_names_no_next(
    mesh: Mesh, size: int, lengths: list[int]
) -> None:
    member = r.a_member()
    for _ in range(6):
        await granted(mesh, member, MONTHLY)
    found, token = [], ""
    for _ in lengths:
        page = await _page(mesh, member, page_size=size, page_token=token)
        token = page.next_page_token
        found.append(len(page.events))
    assert found == lengths
    assert not token


async def test_the_end_is_read_without_what_is_before_it(mesh: Mesh) -> None:
    member = r.a_member()
    nobody = await _page(mesh, member, from_end=True)
    assert not nobody.events
    for _ in range(6):
        await granted(mesh, member, MONTHLY)
    assert [event.sequence for event in (await _page(mesh, member, from_end=True, page_size=3)).events] == [
        5,
        6,
        7,
    ]
    kinds = [identity.EVENT_TYPE_IDENTITY_STARTED]
    [started] = (await _page(mesh, member, from_end=True, types=kinds)).events
    assert started.sequence == 2
    followed = await _page(mesh, member, page_token=nobody.next_page_token)
    assert list(followed.events) == await _paged(mesh, member)


@pytest.mark.parametrize("whose", ["one", "all"])
async def test_a_reader_who_begins_at_the_end_misses_nothing_after_it(mesh: Mesh, whose: str) -> None:
    member = r.a_member()
    await granted(mesh, member, MONTHLY)
    await asyncio.sleep(SETTLED_SECONDS)
    only = member if whose == "one" else ""
    end = await _page(mesh, only, from_end=True, page_size=1)
    assert [event.sequence for event in end.events] == [2]
    await granted(mesh, member, MONTHLY)
    await asyncio.sleep(SETTLED_SECONDS)
    after = await _page(mesh, only, page_token=end.next_page_token)
    assert [(event.member_id, event.sequence) for event in after.events] == [(member, 3)]


async def test_a_page_token_is_no_end(mesh: Mesh) -> None:
    token = (await _page(mesh, from_end=True)).next_page_token
    with pytest.raises(InvalidRequest) as caught:
        await _page(mesh, from_end=True, page_token=token)
    assert [violation.field for violation in caught.value.violations] == ["from_end"]


async def test_a_negative_size_is_refused(mesh: Mesh) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await _page(mesh, page_size=-1)
    assert [violation.field for violation in caught.value.violations] == ["page_size"]


async def _foreign_tokens(mesh: Mesh, member: str) -> dict[str, str]:
    other = r.a_member()
    for who in (member, other):
        await granted(mesh, who, MONTHLY)
    own = (await _page(mesh, member, page_size=1)).next_page_token
    types = [identity.EVENT_TYPE_TERM_PLACED]
    await granted(mesh, member, MONTHLY)
    query = ["events", member]
    return {
        "nonsense": "nonsense",
        "no base64": "é",
        "truncated": own[:-1],
        "lengthened": own + "AA",
        "changed": own[:-1] + ("A" if own[-1] != "A" else "B"),
        "of another member": (await _page(mesh, other, page_size=1)).next_page_token,
        "of other types": (await _page(mesh, member, page_size=1, types=types)).next_page_token,
        "of all members": (await _page(mesh)).next_page_token,
        "sealed and too large": token_of(query, 2**63),
        "sealed and endless": token_of(query, 10**300),
        "sealed and negative": token_of(query, -1),
    }


async def test_a_token_counts_only_for_the_list_that_gave_it(mesh: Mesh) -> None:
    member = r.a_member()
    for kind, token in (await _foreign_tokens(mesh, member)).items():
        with pytest.raises(InvalidRequest, match=r"^PAGE_TOKEN_INVALID:") as caught:
            await _page(mesh, member, page_size=1, page_token=token)
        assert [violation.field for violation in caught.value.violations] == ["page_token"], kind
        with pytest.raises(InvalidRequest):
            await mesh.catalog.ListSkuRevisions(
                catalogs.ListSkuRevisionsRequest(sku_id=MONTHLY, page_token=token)
            )


async def test_only_the_kinds_asked_for_are_listed(mesh: Mesh) -> None:
    survivor, merged = r.a_member(), r.a_member()
    term = await granted(mesh, merged, MONTHLY)
    await mesh.identity.MergeMembers(r.a_merge(survivor, merged))
    merge = [identity.EVENT_TYPE_MEMBER_MERGED]
    for member in (survivor, merged):
        assert [event.type for event in await _paged(mesh, member, types=merge)] == merge
    placed = [identity.EVENT_TYPE_TERM_PLACED, identity.EVENT_TYPE_TERM_PAUSED]
    assert [event.term_id for event in await _paged(mesh, merged, types=placed)] == [term.term_id]


async def test_a_reader_who_follows_all_members_misses_none_and_repeats_none(mesh: Mesh) -> None:
    """While 32 members are written on. There are then enough events to see the largest page, too."""
    members = [r.a_member() for _ in range(32)]
    writing = asyncio.gather(*(_grants(mesh, member) for member in members))
    followed: list[identity.TimelineEvent] = []
    page = await _page(mesh, page_size=500)
    quiet_seconds = 0.0
    while quiet_seconds < SETTLED_SECONDS + 0.5:
        followed += page.events
        if writing.done() and not page.events:
            quiet_seconds += 0.05
        await asyncio.sleep(0.05)
        page = await _page(mesh, page_size=37, page_token=page.next_page_token)
    await writing
    ours = [event for event in followed if event.member_id in members]
    for member in members:
        assert [event for event in ours if event.member_id == member] == await _paged(mesh, member)
    assert len({event.event_id for event in followed}) == len(followed)
    for size, expected in ((500, 500), (501, 500), (2**31 - 1, 500), (0, 50)):
        assert len((await _page(mesh, page_size=size)).events) == expected


async def _grants(mesh: Mesh, member: str) -> None:
    for _ in range(16):
        await granted(mesh, member, MONTHLY)
