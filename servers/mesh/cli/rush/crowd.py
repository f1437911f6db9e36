"""Members who all want a unit at once, through the ordinary client, and what each of them heard."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration

from clients import NectaryError, SeckillClient
from clients.times import timestamp_of
from nectary.common.v1 import money_pb2
from nectary.seckill.v1 import seckill_pb2
from nectary.seckill.v1 import seckill_service_pb2 as pb
from servers.mesh.cli.session import Mesh

SKU = "gold_annual"
PRICE = money_pb2.Money(currency="CNY", amount_minor=9_900)
WINDOW = timedelta(hours=1)
PAYMENT_SECONDS = 900
RESOLVE_SECONDS = 10.0
UNKNOWN = frozenset({"CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE"})
"""Codes after which a buyer cannot know: he asks what became of his request."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one member was told. Times in seconds from the beginning of the sale."""

    member_id: str
    at: float
    seconds: float
    order_id: str
    """Empty: he got nothing."""
    reason: str
    """Why not; empty if he got one."""


@dataclass
class Sale:
    """One sale and its answers, in the order in which they came."""

    activity_id: str
    stock: int
    heard: list[Heard] = field(default_factory=list)

    @property
    def sold(self) -> list[Heard]:
        return [one for one in self.heard if one.order_id]

    @property
    def refused(self) -> list[Heard]:
        return [one for one in self.heard if not one.order_id]

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return max((one.at for one in self.heard), default=0.0)


def new_activity_id() -> str:
    """Of a sale that nobody had before."""
    return f"rush_{uuid4().hex[:20]}"


async def open_sale(mesh: Mesh, activity_id: str, stock: int) -> Sale:
    """Makes and publishes an activity that sells gold cards from now on, one for each member."""
    now = await mesh.now()
    settings = seckill_pb2.ActivitySettings(
        title="Gold cards for the quick",
        item=seckill_pb2.Item(sku_id=SKU),
        price=PRICE,
        open_time=timestamp_of(now - timedelta(minutes=1)),
        close_time=timestamp_of(now + WINDOW),
        stock=stock,
        member_limit=1,
        payment_timeout=Duration(seconds=PAYMENT_SECONDS),
    )
    await mesh.activities.create_activity(activity_id, settings)
    await mesh.activities.publish_activity(activity_id)
    return Sale(activity_id, stock)


async def rush(
    mesh: Mesh, sale: Sale, requests: int, in_flight: int, heard: Callable[[Heard], None] = lambda one: None
) -> None:
    """So many members ask once each, `in_flight` of them at any time."""
    members = iter(range(1, requests + 1))
    begun = time.monotonic()

    async def ask(waiting: Iterator[int]) -> None:
        for number in waiting:
            one = await _asked(mesh.seckill, sale.activity_id, f"member-{number:06d}", begun)
            sale.heard.append(one)
            heard(one)

    await asyncio.gather(*(ask(members) for _ in range(in_flight)))


async def _asked(client: SeckillClient, activity_id: str, member_id: str, begun: float) -> Heard:
    sent = time.monotonic()
    request_id = f"{activity_id}.{member_id}"
    order_id = reason = ""
    try:
        reservation = await client.reserve_unit(activity_id, member_id, request_id=request_id)
        order_id = reservation.order_id
    except NectaryError as refusal:
        reason = refusal.reason or refusal.code.name
        if refusal.code.name in UNKNOWN:
            order_id = await _resolved(client, activity_id, member_id, request_id)
    now = time.monotonic()
    return Heard(member_id, now - begun, now - sent, order_id, "" if order_id else reason)


async def _resolved(client: SeckillClient, activity_id: str, member_id: str, request_id: str) -> str:
    """The order behind a request whose answer is unknown, or nothing."""
    async with asyncio.timeout(RESOLVE_SECONDS):
        while True:
            result = await client.get_result(activity_id, member_id, request_id)
            if result.state != pb.RESULT_STATE_PENDING:
                return result.order.order_id
            await asyncio.sleep(0.1)
