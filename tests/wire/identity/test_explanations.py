"""Why a purchase is refused, and when it would be accepted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from clients import Refused
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, CLUB, FENGXIANG, FESTIVAL, MONTHLY, PASS, STUDENT, TRIAL
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted

TICK = timedelta(microseconds=1)
KINDS = {
    identity.RULE_CHECK_KIND_SALE_WINDOW,
    identity.RULE_CHECK_KIND_SOURCE,
    identity.RULE_CHECK_KIND_RELATION,
    identity.RULE_CHECK_KIND_HORIZON,
}


async def _told(mesh: Mesh, member: str, sku: str) -> pb.ExplainPurchaseResponse:
    return await mesh.identity.ExplainPurchase(r.an_explanation(member, sku))


def _kinds(told: pb.ExplainPurchaseResponse) -> set[int]:
    return {check.kind for check in told.checks}


async def _accepted_first_at(mesh: Mesh, member: str, sku: str, moment: datetime) -> identity.Term:
    """Refused one tick before, accepted at the moment."""
    await mesh.at(moment - TICK)
    with pytest.raises(Refused):
        await mesh.identity.CreateOrder(r.an_order(member, sku))
    await mesh.at(moment)
    return await bought(mesh, member, sku)


async def test_every_check_is_listed_with_what_it_looked_at(mesh: Mesh) -> None:
    member = r.a_member()
    assert _kinds(await _told(mesh, member, PASS)) == KINDS
    assert _kinds(await _told(mesh, member, TRIAL)) == KINDS | {identity.RULE_CHECK_KIND_TRIAL}
    student = await _told(mesh, member, STUDENT)
    assert _kinds(student) == KINDS | {identity.RULE_CHECK_KIND_CONFLICT}
    fengxiang = await _told(mesh, member, FENGXIANG)
    assert _kinds(fengxiang) == KINDS | {identity.RULE_CHECK_KIND_PREREQUISITE}
    for check in (*student.checks, *fengxiang.checks):
        assert check.inputs
        assert check.explanation


async def test_an_accepted_purchase_is_told_what_it_would_do(mesh: Mesh) -> None:
    member = r.a_member()
    told = await _told(mesh, member, MONTHLY)
    preview = await mesh.identity.PreviewPurchase(r.a_preview(member, MONTHLY))
    assert told.accepted
    assert told.effect == preview.effect
    assert not told.HasField("earliest_start_time")


HELD_AND_WANTED = {
    "a card that is not sold to its holders": ([CLUB], CLUB),
    "a conflict with a running card": ([ANNUAL], STUDENT),
    "a conflict with a queued card": ([ANNUAL, ANNUAL], STUDENT),
    "a sale that opens later": ([], FESTIVAL),
}


@pytest.mark.parametrize("case", HELD_AND_WANTED)
async def test_the_earliest_start_is_the_first_instant_at_which_it_can_be_bought(
    mesh: Mesh, case: str
) -> None:
    held, wanted = HELD_AND_WANTED[case]
    member = r.a_member()
    await _all_bought(mesh, member, held)
    told = await _told(mesh, member, wanted)
    assert not told.accepted
    earliest = r.moment(told.earliest_start_time)
    term = await _accepted_first_at(mesh, member, wanted, earliest)
    assert term.segments[0].start_time == told.earliest_start_time


async def _all_bought(mesh: Mesh, member: str, skus: Sequence[str]) -> None:
    for sku in skus:
        await bought(mesh, member, sku)


async def test_a_missing_prerequisite_that_starts_later_is_waited_for(mesh: Mesh) -> None:
    member = r.a_member()
    starts = START + timedelta(days=20)
    await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, start_time=r.ts(starts)))
    told = await _told(mesh, member, FENGXIANG)
    assert r.moment(told.earliest_start_time) == starts
    await _accepted_first_at(mesh, member, FENGXIANG, starts)


async def test_a_full_horizon_names_the_start_behind_what_is_held(mesh: Mesh) -> None:
    """Accepted from the local midnight on whose horizon takes in the new tail; queued behind the tail."""
    member = r.a_member()
    await _all_bought(mesh, member, [ANNUAL] * 3)
    told = await _told(mesh, member, ANNUAL)
    tail = START.replace(year=2030)
    assert r.moment(told.earliest_start_time) == tail
    midnight_in_shanghai = datetime(2028, 2, 29, 16, tzinfo=START.tzinfo)
    term = await _accepted_first_at(mesh, member, ANNUAL, midnight_in_shanghai)
    assert r.moment(term.segments[0].start_time) == tail


@pytest.mark.parametrize("wanted", [FENGXIANG, TRIAL])
async def test_what_never_becomes_possible_by_itself_has_no_earliest_start(mesh: Mesh, wanted: str) -> None:
    member = r.a_member()
    await bought(mesh, member, TRIAL)
    told = await _told(mesh, member, wanted)
    assert not told.accepted
    assert not told.HasField("earliest_start_time")


async def test_a_paused_card_must_be_resumed_first(mesh: Mesh) -> None:
    member = r.a_member()
    term = await granted(mesh, member, MONTHLY)
    await mesh.at(START + timedelta(days=1))
    await mesh.identity.PauseTerm(r.a_pause(member, term.term_id))
    told = await _told(mesh, member, MONTHLY)
    failed = [check for check in told.checks if not check.passed]
    assert [check.kind for check in failed] == [identity.RULE_CHECK_KIND_RELATION]
    assert not told.HasField("earliest_start_time")
    with pytest.raises(Refused, match=r"^TERM_PAUSED:"):
        await mesh.identity.PreviewPurchase(r.a_preview(member, MONTHLY))
