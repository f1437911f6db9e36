"""Appeals: one a listing, answered by a person, harmless in any number."""

import asyncio
from datetime import timedelta

import pytest

from clients import Refused
from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import START, Mesh
from tests.wire.risk.test_decisions import until

DAY = timedelta(days=1)


async def listed(mesh: Mesh) -> risk.SubjectName:
    ann = r.member()
    await mesh.risk.ConfirmSuspect(r.a_confirmation(ann, expire_time=r.ts(START + 30 * DAY)))
    return ann


async def waiting(mesh: Mesh) -> list[str]:
    page = await mesh.risk.ListSuspects(pb.ListSuspectsRequest(appealing=True))
    return [one.subject.value for one in page.suspects]


async def test_an_appeal_waits_for_a_person(mesh: Mesh) -> None:
    ann = await listed(mesh)
    appeal = (await mesh.risk.Appeal(r.an_appeal(ann.value))).appeal
    assert (appeal.state, appeal.text) == (risk.APPEAL_STATE_OPEN, "It was not me.")
    assert appeal.answer_by_time == r.ts(START + DAY)
    assert await waiting(mesh) == [ann.value]


async def test_a_release_grants_it(mesh: Mesh) -> None:
    ann = await listed(mesh)
    await mesh.risk.Appeal(r.an_appeal(ann.value))
    released = (await mesh.risk.ReleaseSuspect(r.a_release(ann))).suspect
    assert released.appeal.state == risk.APPEAL_STATE_GRANTED
    # It was wrong, so the strike is taken back.
    assert released.strikes_milli == 0
    assert await waiting(mesh) == []


async def test_a_confirmation_rejects_it_and_it_is_not_made_again(mesh: Mesh) -> None:
    ann = await listed(mesh)
    appeal = (await mesh.risk.Appeal(r.an_appeal(ann.value))).appeal
    confirmed = (await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))).suspect
    assert confirmed.appeal.state == risk.APPEAL_STATE_REJECTED
    with pytest.raises(Refused, match=r"^APPEAL_ANSWERED:") as caught:
        await mesh.risk.Appeal(r.an_appeal(ann.value))
    assert caught.value.metadata == {"appeal_id": appeal.appeal_id}


async def test_a_new_listing_can_be_appealed_anew(mesh: Mesh) -> None:
    ann = await listed(mesh)
    first = (await mesh.risk.Appeal(r.an_appeal(ann.value))).appeal
    await mesh.risk.ReleaseSuspect(r.a_release(ann))
    await mesh.at(START + DAY)
    await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))
    second = (await mesh.risk.Appeal(r.an_appeal(ann.value))).appeal
    assert (second.state, second.appeal_id != first.appeal_id) == (risk.APPEAL_STATE_OPEN, True)


@pytest.mark.parametrize("state", ["never listed", "allowed", "released"])
async def test_who_is_not_refused_has_nothing_to_appeal(mesh: Mesh, state: str) -> None:
    ann = r.member() if state == "never listed" else await listed(mesh)
    if state == "allowed":
        await mesh.risk.AllowSubject(r.a_permission(ann, START + DAY))
    elif state == "released":
        await mesh.risk.ReleaseSuspect(r.a_release(ann))
    with pytest.raises(Refused, match=r"^SUBJECT_NOT_LISTED:"):
        await mesh.risk.Appeal(r.an_appeal(ann.value))


async def test_a19_a_flood_of_appeals_is_one_appeal(mesh: Mesh) -> None:
    ann = await listed(mesh)
    answers = await asyncio.gather(*(mesh.risk.Appeal(r.an_appeal(ann.value)) for _ in range(30)))
    assert len({one.appeal.appeal_id for one in answers}) == 1
    assert await waiting(mesh) == [ann.value]


async def test_the_same_appeal_is_answered_alike_whatever_has_happened_since(mesh: Mesh) -> None:
    ann = await listed(mesh)
    request = r.an_appeal(ann.value)
    first = await mesh.ask("Appeal", request)
    await mesh.risk.ReleaseSuspect(r.a_release(ann))
    assert await mesh.ask("Appeal", request) == first


async def test_the_list_that_denies_a_member_does_not_deny_it_its_appeal(living_mesh: Mesh) -> None:
    ann = await listed(living_mesh)
    request = pb.EvaluateRequest(facts=r.facts(ann), check_only=True)
    await until(living_mesh.risk.Evaluate, request, lambda found: found.decision.outcome == risk.OUTCOME_DENY)
    assert (await living_mesh.risk.Appeal(r.an_appeal(ann.value))).appeal.state == risk.APPEAL_STATE_OPEN
