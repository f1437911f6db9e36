"""Activities, made through the contract as an operator makes them, and what buyers wish for."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from benchmarks.loadgen.plan import Call
from nectary.common.v1 import money_pb2
from nectary.seckill.v1 import activity_service_pb2 as activities
from nectary.seckill.v1 import activity_service_pb2_grpc as rpc
from nectary.seckill.v1 import seckill_pb2, seckill_service_pb2

RESERVE = "/nectary.seckill.v1.SeckillService/ReserveUnit"
HOUR = 3600


class Wish(NamedTuple):
    """One ReserveUnit to come."""

    activity: str
    member: str
    request: str
    quantity: int = 1


def new_id(prefix: str = "a") -> str:
    return prefix + uuid4().hex[:20]


def wishes(activity: str, count: int) -> list[Wish]:
    """One unit for each of so many members whom nobody has seen before."""
    crowd = new_id("m")
    return [Wish(activity, f"{crowd}.{number}", f"r{number}") for number in range(count)]


def calls(wanted: Sequence[Wish], path: str = RESERVE) -> list[Call]:
    """The calls of some wishes, at any server that takes ReserveUnit's request."""
    return [Call(path, _request(wish)) for wish in wanted]


def offer(address: str, stock: int, *, limit: int = 1, payment_seconds: int = 24 * HOUR) -> str:
    """Makes and publishes an activity that sells at once; its id."""
    activity_id = new_id()
    settings = seckill_pb2.ActivitySettings(
        title="A benchmark's cards",
        item=seckill_pb2.Item(sku_id="gold_annual"),
        price=money_pb2.Money(currency="CNY", amount_minor=9_900),
        open_time=_from_now(-60),
        close_time=_from_now(HOUR),
        stock=stock,
        member_limit=limit,
        payment_timeout=Duration(seconds=payment_seconds),
    )
    create = activities.CreateActivityRequest(request_id=new_id(), activity_id=activity_id, settings=settings)
    asyncio.run(_published(address, create))
    return activity_id


async def _published(address: str, create: activities.CreateActivityRequest) -> None:
    publish = activities.PublishActivityRequest(request_id=new_id(), activity_id=create.activity_id)
    async with grpc.aio.insecure_channel(address) as channel:
        stub = rpc.ActivityServiceStub(channel)
        await stub.CreateActivity(create)
        await stub.PublishActivity(publish)


def _request(wish: Wish) -> bytes:
    return seckill_service_pb2.ReserveUnitRequest(
        request_id=wish.request, activity_id=wish.activity, member_id=wish.member, quantity=wish.quantity
    ).SerializeToString()


def _from_now(seconds: int) -> Timestamp:
    return Timestamp(seconds=int(time.time()) + seconds)
