"""Steps that the tests of a sale share."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from clients import NectaryError, Refused, Throttled
from nectary.seckill.v1 import seckill_pb2 as seckill
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.wire.seckill import requests as r
from tests.wire.seckill.mesh import Mesh

LONG_SECONDS = 30
"""Far more than anything here takes."""


async def selling(mesh: Mesh, **settings: Any) -> str:
    """An activity that sells."""
    activity_id = r.an_id()
    await mesh.activities.CreateActivity(r.a_creation(activity_id, **settings))
    await mesh.activities.PublishActivity(r.a_publication(activity_id))
    return activity_id


async def reserved(mesh: Mesh, activity_id: str, member_id: str = "ann", **more: Any) -> seckill.Reservation:
    return (await mesh.seckill.ReserveUnit(r.a_reservation(activity_id, member_id, **more))).reservation


async def served(mesh: Mesh, request: pb.ReserveUnitRequest) -> seckill.Reservation:
    """What it gets when it is sent again until a unit that came back is seen: within a second or so."""
    async with asyncio.timeout(LONG_SECONDS):
        while True:
            with suppress(Throttled, Refused):
                return (await mesh.seckill.ReserveUnit(request)).reservation
            await asyncio.sleep(0.05)


async def state_of(mesh: Mesh, order_id: str) -> str:
    order = (await mesh.seckill.GetOrder(pb.GetOrderRequest(order_id=order_id))).order
    return seckill.OrderState.Name(order.state).removeprefix("ORDER_STATE_")


async def until(mesh: Mesh, order_id: str, state: str) -> None:
    """Returns when the order has come to this state."""
    async with asyncio.timeout(LONG_SECONDS):
        while (await asyncio.gather(state_of(mesh, order_id), asyncio.sleep(0.05)))[0] != state:
            pass


async def refusal(call: Any) -> NectaryError:
    with pytest.raises(NectaryError) as caught:
        await call
    return caught.value
