"""The list by hand: confirmed, released, allowed, and every step on record."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, update

from clients import InvalidRequest, Raced, Refused
from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from servers.risk.sql.tables import transition
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import START, Mesh

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def found(mesh: Mesh, subject: risk.SubjectName) -> pb.GetSubjectResponse:
    return await mesh.risk.GetSubject(pb.GetSubjectRequest(subject=subject))


async def names(mesh: Mesh, **wanted: object) -> list[str]:
    page = await mesh.risk.ListSuspects(pb.ListSuspectsRequest(**wanted))  # type: ignore[arg-type]  # by field
    return [one.subject.value for one in page.suspects]


async def test_a_confirmed_subject_is_listed_until_it_expires(mesh: Mesh) -> None:
    ann = r.member("ann")
    done = await mesh.risk.ConfirmSuspect(r.a_confirmation(ann, expire_time=r.ts(START + 30 * DAY)))
    assert (done.suspect.state, done.suspect.reason) == (risk.SUSPECT_STATE_CONFIRMED, "sells accounts")
    assert done.suspect.expire_time == r.ts(START + 30 * DAY)
    assert await names(mesh) == ["ann"]
    await mesh.at(START + 30 * DAY)
    assert await names(mesh) == []
    assert (await found(mesh, ann)).suspect.state == risk.SUSPECT_STATE_NONE


async def test_without_an_end_a_person_lists_as_long_as_rules_would(mesh: Mesh) -> None:
    ann = r.member()
    first = await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))
    assert first.suspect.expire_time == r.ts(START + 4 * HOUR)
    await mesh.risk.ReleaseSuspect(r.a_release(ann))
    second = await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))
    assert second.suspect.expire_time == r.ts(START + 8 * HOUR)


async def test_every_step_is_a_link_of_a_chain(mesh: Mesh) -> None:
    ann = r.member()
    await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))
    await mesh.risk.ReleaseSuspect(r.a_release(ann))
    history = await found(mesh, ann)
    assert history.chain_intact
    released, confirmed = history.transitions
    assert (confirmed.from_state, confirmed.to_state) == (
        risk.SUSPECT_STATE_NONE,
        risk.SUSPECT_STATE_CONFIRMED,
    )
    assert (released.to_state, released.actor) == (risk.SUSPECT_STATE_RELEASED, "local")
    assert (released.previous_hash, confirmed.previous_hash) == (confirmed.hash, "")


async def test_whoever_writes_past_the_service_breaks_the_chain(mesh: Mesh) -> None:
    ann = r.member()
    await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))

    def forge(connection: Connection) -> None:
        query = select(transition.c.content).where(transition.c.value == ann.value)
        content = connection.scalars(query).one()
        forged = content.replace(b"sells accounts", b"won a lottery")
        connection.execute(update(transition).where(transition.c.value == ann.value).values(content=forged))

    await mesh.store.transact(forge)
    assert not (await found(mesh, ann)).chain_intact


async def test_a_subject_that_was_never_listed_is_in_state_none(mesh: Mesh) -> None:
    history = await found(mesh, r.member())
    assert (history.suspect.state, history.suspect.version) == (risk.SUSPECT_STATE_NONE, 0)
    assert (list(history.transitions), history.chain_intact) == ([], True)


async def test_an_address_is_its_network(mesh: Mesh) -> None:
    one, other = (risk.SubjectName(kind=r.ADDRESS, value=f"2001:db8::{end}") for end in ("1", "ffff"))
    await mesh.risk.ConfirmSuspect(r.a_confirmation(one))
    assert (await found(mesh, other)).suspect.subject.value == "2001:db8::/64"
    with pytest.raises(InvalidRequest) as caught:
        await mesh.risk.ConfirmSuspect(r.a_confirmation(risk.SubjectName(kind=r.ADDRESS, value="the moon")))
    assert [one.field for one in caught.value.violations] == ["subject.value"]


async def test_services_methods_and_scenes_are_not_for_the_blacklist(mesh: Mesh) -> None:
    scene = risk.SubjectName(kind=risk.SUBJECT_KIND_SCENE, value="identity.purchase")
    with pytest.raises(InvalidRequest) as caught:
        await mesh.risk.ConfirmSuspect(r.a_confirmation(scene))
    assert [one.field for one in caught.value.violations] == ["subject.kind"]


async def test_who_is_not_listed_cannot_be_released(mesh: Mesh) -> None:
    with pytest.raises(Refused, match=r"^SUBJECT_NOT_LISTED:") as caught:
        await mesh.risk.ReleaseSuspect(r.a_release(r.member()))
    assert caught.value.metadata == {"state": "NONE"}


async def test_a19_of_two_releases_at_once_one_is_told_that_it_is_done(mesh: Mesh) -> None:
    ann = r.member()
    await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))
    answers = await asyncio.gather(
        *(mesh.risk.ReleaseSuspect(r.a_release(ann)) for _ in range(8)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, Refused)]
    assert (len(refused), {one.reason for one in refused}) == (7, {"SUBJECT_NOT_LISTED"})
    history = await found(mesh, ann)
    assert (history.suspect.version, history.chain_intact) == (2, True)


async def test_the_same_request_is_done_once_and_answered_alike(mesh: Mesh) -> None:
    ann, again = r.member(), r.member()
    for request in (r.a_confirmation(ann), r.a_release(ann), r.a_permission(ann, START + DAY)):
        name = type(request).__name__.removesuffix("Request")
        first = await mesh.ask(name, request)
        assert await mesh.ask(name, request) == first
        request.subject.CopyFrom(again)
        with pytest.raises(InvalidRequest, match=r"^IDEMPOTENCY_KEY_REUSED:"):
            await mesh.ask(name, request)
    assert (await found(mesh, ann)).suspect.version == 3


async def test_a_refusal_is_repeated_for_its_request_whatever_has_happened_since(mesh: Mesh) -> None:
    ann = r.member()
    release = r.a_release(ann)
    for _ in range(2):
        with pytest.raises(Refused, match=r"^SUBJECT_NOT_LISTED:"):
            await mesh.risk.ReleaseSuspect(release)
        await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))


async def test_what_was_decided_on_an_older_entry_is_refused(mesh: Mesh) -> None:
    ann = r.member()
    await mesh.risk.ConfirmSuspect(r.a_confirmation(ann))
    await mesh.risk.ReleaseSuspect(r.a_release(ann, expected_version=1))
    with pytest.raises(Raced, match=r"^STALE_VERSION:") as caught:
        await mesh.risk.ConfirmSuspect(r.a_confirmation(ann, expected_version=1))
    assert caught.value.metadata == {"current_version": "2"}


async def test_an_allowed_subject_is_so_for_a_time(mesh: Mesh) -> None:
    ann = r.member("ann")
    allowed = await mesh.risk.AllowSubject(r.a_permission(ann, START + DAY))
    assert allowed.suspect.state == risk.SUSPECT_STATE_ALLOWED
    assert await names(mesh, states=[risk.SUSPECT_STATE_ALLOWED]) == ["ann"]
    for until in (START, START + 366 * DAY):
        with pytest.raises(InvalidRequest) as caught:
            await mesh.risk.AllowSubject(r.a_permission(ann, until))
        assert [one.field for one in caught.value.violations] == ["expire_time"]


async def test_one_rule_is_snoozed_for_a_subject(mesh: Mesh) -> None:
    ann = r.member()
    done = await mesh.risk.AllowSubject(r.a_permission(ann, START + DAY, rule_id="member_pace"))
    assert done.suspect.state == risk.SUSPECT_STATE_NONE
    assert [one.rule_id for one in done.suspect.snoozes] == ["member_pace"]
    await mesh.at(START + DAY)
    assert not (await found(mesh, ann)).suspect.snoozes
    await mesh.at(START)
    for number in range(15):
        await mesh.risk.AllowSubject(r.a_permission(ann, START + DAY, rule_id=f"rule_{number}"))
    with pytest.raises(Refused, match=r"^TOO_MANY_SNOOZES:"):
        await mesh.risk.AllowSubject(r.a_permission(ann, START + DAY, rule_id="one_more"))


async def test_the_list_is_paged_newest_first(mesh: Mesh) -> None:
    everybody = [f"m-{number}" for number in range(7)]
    for name in everybody:
        await mesh.risk.ConfirmSuspect(r.a_confirmation(r.member(name)))
    listed: list[str] = []
    token = ""
    for expected in (3, 3, 1):
        page = await mesh.risk.ListSuspects(pb.ListSuspectsRequest(page_size=3, page_token=token))
        assert len(page.suspects) == expected
        listed += [one.subject.value for one in page.suspects]
        token = page.next_page_token
    assert (listed, token) == (everybody[::-1], "")
    other = (await mesh.risk.ListSuspects(pb.ListSuspectsRequest(page_size=1))).next_page_token
    with pytest.raises(InvalidRequest, match=r"^PAGE_TOKEN_INVALID:"):
        await mesh.risk.ListSuspects(pb.ListSuspectsRequest(kind=r.DEVICE, page_token=other))
