"""Pausing, resuming, extending and merging."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, NotFound, Refused
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.cards import CARD, MONTHLY, STUDENT, TRIAL
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted, timeline_of

DAY = timedelta(days=1)


async def test_a_paused_term_waits_with_all_behind_it_and_runs_on_where_it_stopped(mesh: Mesh) -> None:
    member = r.a_member()
    first, second = await granted(mesh, member, MONTHLY), await granted(mesh, member, MONTHLY)
    await mesh.at(START + 10 * DAY)
    paused = await mesh.identity.PauseTerm(r.a_pause(member, first.term_id))
    assert [term.state for term in paused.timeline.terms] == [identity.TERM_STATE_PAUSED] * 2
    assert [r.moment(segment.end_time) for segment in paused.term.segments] == [START + 10 * DAY]
    await mesh.at(START + 15 * DAY)
    assert not (await mesh.identity.ListIdentities(_holding(member))).identities
    resumed = await mesh.identity.ResumeTerm(r.a_resumption(member, first.term_id))
    ends = [r.moment(term.segments[-1].end_time) for term in (first, second)]
    shifted = [r.moment(term.segments[-1].end_time) for term in resumed.timeline.terms]
    assert shifted == [end + 5 * DAY for end in ends]


def _holding(member: str) -> pb.ListIdentitiesRequest:
    return pb.ListIdentitiesRequest(member_id=member)


async def test_only_a_running_term_is_paused_and_only_a_paused_one_resumed(mesh: Mesh) -> None:
    member = r.a_member()
    first, second = await granted(mesh, member, MONTHLY), await granted(mesh, member, MONTHLY)
    for call in (
        mesh.identity.PauseTerm(r.a_pause(member, second.term_id)),
        mesh.identity.ResumeTerm(r.a_resumption(member, first.term_id)),
    ):
        with pytest.raises(Refused, match=r"^TERM_STATE_WRONG:") as caught:
            await call
        assert set(caught.value.metadata) == {"term_id", "state"}


async def test_an_extension_goes_before_what_is_queued(mesh: Mesh) -> None:
    member = r.a_member()
    first, second = await granted(mesh, member, MONTHLY), await granted(mesh, member, MONTHLY)
    extended = await mesh.identity.ExtendTerm(r.an_extension(member, first.term_id, days=3))
    assert extended.term.placement == identity.PLACEMENT_EXTEND
    assert extended.term.cause.kind == identity.CAUSE_KIND_EXTENSION
    assert extended.term.segments[0].start_time == first.segments[0].end_time
    [queued] = [term for term in extended.timeline.terms if term.term_id == second.term_id]
    assert queued.segments[0].start_time == extended.term.segments[0].end_time


async def test_an_ended_term_is_not_extended(mesh: Mesh) -> None:
    member = r.a_member()
    term = await granted(mesh, member, MONTHLY)
    await mesh.at(r.moment(term.segments[0].end_time))
    with pytest.raises(Refused, match=r"^TERM_STATE_WRONG:"):
        await mesh.identity.ExtendTerm(r.an_extension(member, term.term_id))


async def test_changes_of_an_unknown_term_are_not_found(mesh: Mesh) -> None:
    member = r.a_member()
    for call in (
        mesh.identity.PauseTerm(r.a_pause(member, "no-such")),
        mesh.identity.ResumeTerm(r.a_resumption(member, "no-such")),
        mesh.identity.ExtendTerm(r.an_extension(member, "no-such")),
    ):
        with pytest.raises(NotFound, match=r"^TERM_NOT_FOUND:"):
            await call


async def test_a_merge_moves_all_terms_with_their_lanes(mesh: Mesh) -> None:
    survivor, merged = r.a_member(), r.a_member()
    mine = await bought(mesh, survivor, MONTHLY)
    theirs = [await bought(mesh, merged, sku) for sku in (MONTHLY, MONTHLY)]
    await mesh.at(START + DAY)
    answer = await mesh.identity.MergeMembers(r.a_merge(survivor, merged))
    assert answer.timeline == await timeline_of(mesh, survivor)
    assert {term.term_id for term in answer.timeline.terms} == {mine.term_id, *(t.term_id for t in theirs)}
    assert {lane.lane_id for lane in answer.timeline.lanes} == {mine.lane_id, theirs[0].lane_id}
    held = await mesh.identity.ListIdentities(_holding(survivor))
    assert len(held.identities) == 2


def _calls_of(mesh: Mesh, member: str, term: str) -> list[Awaitable[Any]]:
    return [
        mesh.identity.PreviewPurchase(r.a_preview(member, MONTHLY)),
        mesh.identity.ExplainPurchase(r.an_explanation(member, MONTHLY)),
        mesh.identity.CreateOrder(r.an_order(member, MONTHLY)),
        mesh.identity.GrantTerm(r.a_grant(member, MONTHLY)),
        mesh.identity.PreviewTermination(pb.PreviewTerminationRequest(member_id=member, term_id=term)),
        mesh.identity.TerminateTerm(r.a_refund(member, term)),
        mesh.identity.ReinstateTerm(r.a_reinstatement(member, "r")),
        mesh.identity.PauseTerm(r.a_pause(member, term)),
        mesh.identity.ResumeTerm(r.a_resumption(member, term)),
        mesh.identity.ExtendTerm(r.an_extension(member, term)),
        mesh.identity.MergeMembers(r.a_merge(r.a_member(), member)),
        mesh.identity.MergeMembers(r.a_merge(member, r.a_member())),
        mesh.identity.GetTimeline(pb.GetTimelineRequest(member_id=member)),
        mesh.identity.ListIdentities(_holding(member)),
    ]


async def test_every_call_for_a_merged_member_names_the_survivor(mesh: Mesh) -> None:
    survivor, merged = r.a_member(), r.a_member()
    term = await bought(mesh, merged, MONTHLY)
    order = (await mesh.identity.CreateOrder(r.an_order(merged, MONTHLY))).order
    card = await mesh.catalog.CreateCardBatch(r.a_batch(CARD, START + DAY))
    await mesh.identity.MergeMembers(r.a_merge(survivor, merged))
    calls = [
        *_calls_of(mesh, merged, term.term_id),
        mesh.identity.ConfirmPayment(r.a_payment(order)),
        mesh.identity.RedeemCard(r.a_redemption(merged, card.codes[0])),
    ]
    for call in calls:
        with pytest.raises(Refused, match=r"^MEMBER_MERGED:") as caught:
            await call
        assert caught.value.metadata == {"member_id": merged, "survivor_member_id": survivor}


async def test_what_was_known_before_a_merge_stays_readable(mesh: Mesh) -> None:
    survivor, merged = r.a_member(), r.a_member()
    await bought(mesh, merged, MONTHLY)
    before = await timeline_of(mesh, merged)
    await mesh.at(START + DAY)
    await mesh.identity.MergeMembers(r.a_merge(survivor, merged))
    then = pb.GetTimelineRequest(member_id=merged, known_at=r.ts(START))
    assert (await mesh.identity.GetTimeline(then)).timeline == before
    checked = await mesh.identity.BatchCheckIdentities(
        pb.BatchCheckIdentitiesRequest(member_ids=[merged, survivor])
    )
    assert [len(one.held) for one in checked.members] == [0, 1]


async def test_trials_unite_in_a_merge(mesh: Mesh) -> None:
    """ID-15."""
    survivor, merged = r.a_member(), r.a_member()
    await bought(mesh, merged, TRIAL)
    await mesh.identity.MergeMembers(r.a_merge(survivor, merged))
    with pytest.raises(Refused, match=r"^TRIAL_USED:"):
        await mesh.identity.PreviewPurchase(r.a_preview(survivor, TRIAL))


async def test_a_conflict_blocks_a_merge(mesh: Mesh) -> None:
    survivor, merged = r.a_member(), r.a_member()
    await bought(mesh, survivor, "gold_annual")
    student = await bought(mesh, merged, STUDENT)
    with pytest.raises(Refused, match=r"^MERGE_BLOCKED:") as caught:
        await mesh.identity.MergeMembers(r.a_merge(survivor, merged))
    assert set(caught.value.metadata) == {"rule_id", "term_id"}
    assert (await timeline_of(mesh, merged)).terms[0].term_id == student.term_id


async def test_nobody_is_merged_into_oneself(mesh: Mesh) -> None:
    member = r.a_member()
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.MergeMembers(r.a_merge(member, member))
    assert [violation.field for violation in caught.value.violations] == ["merged_member_id"]
