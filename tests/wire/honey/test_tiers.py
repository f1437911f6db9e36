"""Tiers over the wire: by what was earned, whatever is spent; and what members are told, in its order."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, select

from clients import Refused
from nectary.honey.v1 import tier_service_pb2 as pb
from servers.honey.sql.tables import common
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import START, STRICT, Mesh
from tests.wire.honey.points import earned, refusal


async def tier(mesh: Mesh, member: str, **more: Any) -> pb.TierStatus:
    return (await mesh.tiers.GetTier(pb.GetTierRequest(**r.of(member, **more)))).tier


async def test_a_tier_follows_what_was_earned_and_not_what_is_there(mesh: Mesh) -> None:
    """HO-13."""
    member = r.a_member()
    assert ((await tier(mesh, member)).tier_id, (await tier(mesh, member)).missing_points) == ("base", 100)
    first = await earned(mesh, member, 90)
    await mesh.at(START + timedelta(hours=1))
    await earned(mesh, member, 20)
    raised = await tier(mesh, member)
    assert (raised.tier_id, raised.points, raised.next_tier_id, raised.missing_points) == (
        "silver",
        110,
        "gold",
        390,
    )
    await mesh.wallets.SpendPoints(r.a_spend(member, 110))
    assert await tier(mesh, member) == raised
    before = await tier(mesh, member, as_of=r.later(minutes=59))
    assert (before.tier_id, before.points) == ("base", 90)
    await mesh.at(START + timedelta(hours=2))
    await mesh.wallets.ReversePoints(r.a_reversal(member, first))
    kept = await tier(mesh, member)
    assert (kept.tier_id, kept.points, kept.at_risk) == ("silver", 20, True)


async def test_a_preview_says_what_points_would_do_and_does_nothing(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 40)
    told = await mesh.tiers.PreviewTier(pb.PreviewTierRequest(**r.of(member, points=460)))
    assert (told.tier.tier_id, told.would_be.tier_id) == ("base", "gold")
    assert await tier(mesh, member) == told.tier


async def test_members_are_told_once_of_tiers_and_of_points_that_expire_soon(mesh: Mesh) -> None:
    """In the order of the jobs, however late they run, and once (HO-11)."""
    member = r.a_member()
    await earned(mesh, member, 120, expire_time=r.later(days=10))
    await earned(mesh, member, 30, expire_time=r.later(days=10))
    await earned(mesh, member, 7, expire_time=r.later(days=400))
    for days in (1, 2, 4, 5):
        await mesh.at(START + timedelta(days=days))
    told = await mesh.store.read(told_to, member)
    assert [kind for kind, _ in told] == ["TierRaised", "PointsExpiringSoon"]
    assert told[0][1]["tier_id"] == "silver"
    assert told[1][1]["points"] == 150
    for days in (330, 700):
        await mesh.at(START + timedelta(days=days))
    told = await mesh.store.read(told_to, member)
    assert [kind for kind, _ in told][2:] == ["TierKept", "TierLowered"]


def told_to(connection: Connection, member: str) -> Sequence[tuple[str, dict[str, Any]]]:
    outbox = common.outbox.c
    query = select(outbox.type, outbox.payload, outbox.subject).where(
        outbox.correlation_id == f"honey:member:{member}"
    )
    return [
        (kind, orjson.loads(payload)) for kind, payload, _ in connection.execute(query.order_by(outbox.id))
    ]


async def test_a_programme_without_tiers_has_none(mesh: Mesh) -> None:
    error = await refusal(mesh.tiers.GetTier(pb.GetTierRequest(**r.of("ann") | {"programme_id": STRICT})))
    assert isinstance(error, Refused)
    assert error.reason == "NO_TIERS"
