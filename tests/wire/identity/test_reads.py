"""What a member holds, and held, and was known to hold."""

from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, CLUB, FENGXIANG, MONTHLY, PASS, QUARTERLY
from tests.wire.identity.mesh import START, Mesh, serving
from tests.wire.identity.shopping import bought, granted, refunded, timeline_of

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


async def _held(mesh: Mesh, member: str, **more: Any) -> pb.ListIdentitiesResponse:
    return await mesh.identity.ListIdentities(pb.ListIdentitiesRequest(member_id=member, **more))


async def _checked(mesh: Mesh, *members: str, **more: Any) -> list[list[str]]:
    request = pb.BatchCheckIdentitiesRequest(member_ids=members, **more)
    answer = await mesh.identity.BatchCheckIdentities(request)
    assert [one.member_id for one in answer.members] == list(members)
    return [[held.sku_id for held in one.held] for one in answer.members]


async def test_a_member_never_seen_holds_nothing(mesh: Mesh) -> None:
    member = r.a_member()
    assert await timeline_of(mesh, member) == identity.Timeline(member_id=member)
    assert await _held(mesh, member) == pb.ListIdentitiesResponse()
    assert await _checked(mesh, member) == [[]]


async def test_a_card_holds_from_its_start_to_just_before_its_end(mesh: Mesh) -> None:
    member = r.a_member()
    term = await bought(mesh, member, MONTHLY)
    start, end = r.moment(term.segments[0].start_time), r.moment(term.segments[0].end_time)
    for at, holds in ((start - TICK, False), (start, True), (end - TICK, True), (end, False)):
        assert bool((await _held(mesh, member, at=r.ts(at))).identities) is holds
        assert await _checked(mesh, member, at=r.ts(at)) == [[MONTHLY] if holds else []]


async def test_the_day_that_is_shown_is_a_day_that_holds(mesh: Mesh) -> None:
    """ID-16: at 23:59:59 of the last day in Shanghai."""
    member = r.a_member()
    await bought(mesh, member, PASS)
    [shown] = (await _held(mesh, member)).identities
    assert shown.valid_through == "2027-03-08"
    evening = START.replace(day=8, hour=15, minute=59, second=59)
    assert await _checked(mesh, member, at=r.ts(evening)) == [[PASS]]
    assert await _checked(mesh, member, at=r.ts(evening + timedelta(seconds=1))) == [[]]


async def test_a_renewed_card_is_one_identity_with_all_its_causes(mesh: Mesh) -> None:
    member = r.a_member()
    terms = [await bought(mesh, member, MONTHLY) for _ in range(3)]
    [shown] = (await _held(mesh, member)).identities
    assert shown.start_time == terms[0].segments[0].start_time
    assert shown.end_time == terms[2].segments[0].end_time
    assert [cause.term_id for cause in shown.causes] == [term.term_id for term in terms]


async def test_identities_are_ordered_by_position_weight_rank_end_and_id(mesh: Mesh) -> None:
    member, other = r.a_member(), r.a_member()
    await bought(mesh, other, ANNUAL)
    for sku in (MONTHLY, FENGXIANG, PASS, CLUB):
        await granted(mesh, member, sku)
    await mesh.identity.MergeMembers(r.a_merge(member, other))
    held = await _held(mesh, member)
    assert [item.sku_id for item in held.identities] == [CLUB, ANNUAL, MONTHLY, FENGXIANG, PASS]
    ends = {item.sku_id: r.moment(item.end_time) for item in held.identities}
    assert ends[FENGXIANG] > ends[PASS]
    assert held.timeline_version == (await timeline_of(mesh, member)).version
    assert held.weights_version == 0


async def test_a_reader_elsewhere_can_ask_for_a_version_that_it_knows_of(own_mesh: Mesh) -> None:
    member = r.a_member()
    async with serving(own_mesh.store_url) as elsewhere:
        assert not (await _held(elsewhere, member)).identities
        written = (await own_mesh.identity.GrantTerm(r.a_grant(member, MONTHLY))).timeline
        held = await _held(elsewhere, member, min_timeline_version=written.version)
        assert [item.sku_id for item in held.identities] == [MONTHLY]
        assert held.timeline_version == written.version


async def test_a_server_answers_its_own_writes_at_once(mesh: Mesh) -> None:
    member = r.a_member()
    for count in range(1, 4):
        assert await _checked(mesh, member) == [[MONTHLY] if count > 1 else []]
        await granted(mesh, member, MONTHLY)
        [shown] = (await _held(mesh, member)).identities
        assert len(shown.causes) == count


async def test_skus_and_spus_widen_what_is_checked(mesh: Mesh) -> None:
    member, nobody = r.a_member(), r.a_member()
    for sku in (MONTHLY, FENGXIANG, PASS):
        await granted(mesh, member, sku)
    assert await _checked(mesh, nobody, member) == [[], [FENGXIANG, MONTHLY, PASS]]
    assert await _checked(mesh, member, sku_ids=[PASS, ANNUAL]) == [[PASS]]
    assert await _checked(mesh, member, spu_ids=["gold"]) == [[MONTHLY]]
    assert await _checked(mesh, member, sku_ids=[PASS, PASS], spu_ids=["gold"]) == [[MONTHLY, PASS]]
    assert await _checked(mesh, member, sku_ids=["no_such"]) == [[]]


async def test_a_thousand_members_are_checked_in_the_order_asked(mesh: Mesh) -> None:
    holder = r.a_member()
    await granted(mesh, holder, MONTHLY)
    members = [r.a_member() for _ in range(999)]
    members.insert(500, holder)
    found = await _checked(mesh, *members)
    assert [number for number, skus in enumerate(found) if skus] == [500]


@pytest.mark.parametrize("members", [[], ["twice", "twice"], [f"m{n}" for n in range(1001)]], ids=len)
async def test_none_twice_and_too_many_members_are_refused(mesh: Mesh, members: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await _checked(mesh, *members)
    assert {violation.field for violation in caught.value.violations} == {"member_ids"}


async def test_a_timeline_is_read_as_of_any_moment_and_as_known_at_any_moment(mesh: Mesh) -> None:
    """Bought, upgraded after 10 days, the upgrade refunded after 20: each is seen from each time."""
    member = r.a_member()
    await bought(mesh, member, QUARTERLY)
    stages = [await timeline_of(mesh, member)]
    await mesh.at(START + 10 * DAY)
    annual = await bought(mesh, member, ANNUAL)
    stages.append(await timeline_of(mesh, member))
    await mesh.at(START + 20 * DAY)
    await refunded(mesh, member, annual)
    stages.append(await timeline_of(mesh, member))
    await mesh.at(START + 400 * DAY)
    for days, stage in ((0, stages[0]), (10, stages[1]), (20, stages[2])):
        moment = r.ts(START + days * DAY)
        for asked in ({"known_at": moment}, {"as_of": moment, "known_at": moment}, {"as_of": moment}):
            request = pb.GetTimelineRequest(member_id=member, **asked)
            assert (await mesh.identity.GetTimeline(request)).timeline == stage


async def test_a_back_dated_term_is_effective_before_it_is_known(mesh: Mesh) -> None:
    member, past = r.a_member(), START - 5 * DAY
    await mesh.identity.GrantTerm(
        r.a_grant(member, MONTHLY, effective_time=r.ts(past), reason="the task was done then")
    )

    async def terms(**asked: Any) -> int:
        request = pb.GetTimelineRequest(member_id=member, **asked)
        return len((await mesh.identity.GetTimeline(request)).timeline.terms)

    assert await terms(as_of=r.ts(past)) == 1
    assert await terms(as_of=r.ts(past - TICK)) == 0
    assert await terms(known_at=r.ts(START)) == 1
    assert await terms(known_at=r.ts(START - TICK)) == 0


async def test_what_was_held_in_the_past_is_answered_as_known_now(mesh: Mesh) -> None:
    member = r.a_member()
    await bought(mesh, member, MONTHLY)
    await mesh.at(START + 40 * DAY)
    assert await _checked(mesh, member) == [[]]
    assert await _checked(mesh, member, at=r.ts(START + 10 * DAY)) == [[MONTHLY]]
