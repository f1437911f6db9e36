"""Everybody at once, over the wire."""

import asyncio
from collections import Counter

import pytest

from clients import NectaryError
from nectary.seckill.v1 import activity_service_pb2 as activities
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import selling
from tests.wire.seckill.mesh import Mesh


async def outcome(mesh: Mesh, request: pb.ReserveUnitRequest) -> str:
    try:
        await mesh.seckill.ReserveUnit(request)
    except NectaryError as error:
        return error.reason
    return "RESERVED"


async def taken(mesh: Mesh, activity_id: str) -> int:
    asked = activities.GetActivityRequest(activity_id=activity_id)
    return (await mesh.activities.GetActivity(asked)).stock.taken


@pytest.mark.parametrize("stock", [1, 2, 10])
async def test_exactly_the_stock_is_sold(mesh: Mesh, stock: int) -> None:
    """SK-1, SK-2; failure rows 1, 2, 7."""
    activity_id = await selling(mesh, stock=stock)
    members = [f"{activity_id}-{number}" for number in range(64)]
    told = await asyncio.gather(*(outcome(mesh, r.a_reservation(activity_id, one)) for one in members))
    assert Counter(told) == {"RESERVED": stock, "SOLD_OUT": 64 - stock}
    assert await taken(mesh, activity_id) == stock


async def test_one_who_asks_again_and_again_takes_nothing_from_others(mesh: Mesh) -> None:
    """SK-3; failure row 4: one member's thousand tries, and the 999 others all buy."""
    activity_id = await selling(mesh, stock=1_000)
    greedy = [r.a_reservation(activity_id, "greedy") for _ in range(1_000)]
    others = [r.a_reservation(activity_id, f"other-{number}") for number in range(999)]
    told: Counter[str] = Counter()
    for first in range(0, 1_000, 125):
        some = greedy[first : first + 125] + others[first : first + 125]
        told.update(await asyncio.gather(*(outcome(mesh, request) for request in some)))
    assert told == {"RESERVED": 1_000, "MEMBER_LIMIT_REACHED": 999}


async def test_one_request_sent_many_times_at_once_is_one_order(mesh: Mesh) -> None:
    """I5, I8."""
    activity_id = await selling(mesh, stock=10, member_limit=5)
    request = r.a_reservation(activity_id)
    answers = await asyncio.gather(*(mesh.call("ReserveUnit", request) for _ in range(40)))
    assert len(set(answers)) == 1
    assert await taken(mesh, activity_id) == 1
