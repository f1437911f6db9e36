"""Many members asked about at once, each at an instant of its own."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from clients import IdentityClient, InvalidRequest
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, FENGXIANG, MONTHLY, PASS
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted, refunded

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)

Moment = tuple[str, datetime]


async def _lived(mesh: Mesh, chance: random.Random, member: str) -> list[datetime]:
    """Some cards, one of them given back; the instants at which something changes."""
    terms = [await granted(mesh, member, sku) for sku in (MONTHLY, chance.choice([FENGXIANG, PASS]))]
    if chance.random() < 0.5:
        await refunded(mesh, member, await bought(mesh, member, ANNUAL))
    segments = [segment for term in terms for segment in term.segments]
    return [r.moment(time) for segment in segments for time in (segment.start_time, segment.end_time)]


async def _one_by_one(mesh: Mesh, moments: Sequence[Moment]) -> list[pb.MemberIdentities]:
    client = IdentityClient(mesh.channel)
    return [
        (
            await client.batch_check_identities(
                [member], sku_ids=[MONTHLY, PASS], spu_ids=["fengxiang"], at=at
            )
        )[0]
        for member, at in moments
    ]


async def test_together_they_are_answered_as_one_by_one(mesh: Mesh) -> None:
    """At random instants and at those where a card begins or ends, the same member again and again."""
    chance = random.Random(7)
    members = [r.a_member() for _ in range(8)]
    edges = {member: await _lived(mesh, chance, member) for member in members}
    await mesh.at(START + 20 * DAY)
    nobody = r.a_member()
    moments = [(nobody, START)]
    for _ in range(60):
        member = chance.choice(members)
        edge = chance.choice([*edges[member], START + chance.randrange(-30, 500) * DAY])
        moments.append((member, edge + chance.randrange(-1, 2) * TICK))
    apart = await _one_by_one(mesh, moments)
    together = await IdentityClient(mesh.channel).batch_check_moments(
        moments, sku_ids=[MONTHLY, PASS], spu_ids=["fengxiang"]
    )
    assert list(together) == apart
    assert {len(one.held) for one in apart} == {0, 1, 2}, "the instants see different things"


async def test_what_is_kept_of_now_does_not_answer_for_the_past(mesh: Mesh) -> None:
    """Nor does the look-up of another, who is asked about now."""
    member, other = r.a_member(), r.a_member()
    await granted(mesh, member, PASS)
    now = START + 40 * DAY
    await mesh.at(now)
    client = IdentityClient(mesh.channel)
    assert [len(one.held) for one in await client.batch_check_identities([member])] == [0]
    found = await client.batch_check_moments([(member, now), (other, now), (member, START)])
    assert [len(one.held) for one in found] == [0, 0, 1]


async def test_a_moment_without_an_instant_is_now(mesh: Mesh) -> None:
    member = r.a_member()
    await granted(mesh, member, MONTHLY)
    request = pb.BatchCheckIdentitiesRequest(moments=[pb.MemberMoment(member_id=member)])
    [one] = (await mesh.identity.BatchCheckIdentities(request)).members
    assert (one.member_id, [held.sku_id for held in one.held]) == (member, [MONTHLY])


async def test_a_thousand_moments_of_fifty_skus_are_one_call(mesh: Mesh) -> None:
    """As large as it can be: ids of full length, instants of full precision."""
    members = [f"{number:036}" for number in range(1_000)]
    skus = [f"sku_{number:032}" for number in range(50)]
    moments = [(member, START + TICK) for member in members]
    found = await IdentityClient(mesh.channel).batch_check_moments(moments, sku_ids=skus, spu_ids=skus)
    assert [one.member_id for one in found] == members


ANN = pb.MemberMoment(member_id="ann")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (pb.BatchCheckIdentitiesRequest(), "member_ids"),
        (pb.BatchCheckIdentitiesRequest(at=r.ts(START)), "member_ids"),
        (pb.BatchCheckIdentitiesRequest(member_ids=["ann"], moments=[ANN]), "member_ids"),
        (pb.BatchCheckIdentitiesRequest(at=r.ts(START), moments=[ANN]), "at"),
        (pb.BatchCheckIdentitiesRequest(moments=[ANN] * 1_001), "moments"),
    ],
    ids=["nobody", "an instant of nobody", "both", "two instants", "too many"],
)
async def test_one_asks_in_one_way(mesh: Mesh, asked: pb.BatchCheckIdentitiesRequest, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.BatchCheckIdentities(asked)
    assert {violation.field for violation in caught.value.violations} == {field}
