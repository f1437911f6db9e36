"""The classic designs: what each does about one wish for one unit. All return the order's id."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from benchmarks.classic.shop import Aborted, LimitReached, Shop, SoldOut, write_order
from nectary.seckill.v1 import seckill_service_pb2 as pb

UID_LOCK_MS = 1_000
WRITERS = 16
_LOOK = "SELECT stock, taken, version FROM seckill_activity WHERE activity_id = %s"
_BY_VERSION = """
    UPDATE seckill_activity SET taken = taken + 1, version = version + 1
    WHERE activity_id = %s AND version = %s AND taken < stock
"""
_IF_LEFT = """
    UPDATE seckill_activity SET taken = taken + 1, version = version + 1
    WHERE activity_id = %s AND taken < stock
"""
Request = pb.ReserveUnitRequest


@dataclass
class Counter:
    """The state of the designs that ask Redis first, and the orders that one of them still has to write."""

    shop: Shop
    redis: Redis
    stocks: dict[str, int] = field(default_factory=dict)
    queue: "asyncio.Queue[tuple[Request, str]]" = field(default_factory=asyncio.Queue)

    async def stock(self, activity_id: str) -> int:
        if activity_id not in self.stocks:
            async with self.shop.transaction() as cursor:
                await cursor.execute(_LOOK, (activity_id,))
                self.stocks[activity_id] = (await cursor.fetchone())[0]
        return self.stocks[activity_id]


async def abort(state: Counter, request: Request) -> str:
    """Optimistic lock: who finds another version than he read is sent away."""
    async with state.shop.transaction() as cursor:
        version = await _version(cursor, request)
        if not await cursor.execute(_BY_VERSION, (request.activity_id, version)):
            raise Aborted
        return await write_order(cursor, request)


async def seed(state: Counter, request: Request) -> str:
    """The article's design: a lock for each UID, as many requests let through as there is stock, abort."""
    activity_id = request.activity_id
    key = f"uid:{activity_id}:{request.member_id}"
    if not await state.redis.set(key, "1", nx=True, px=UID_LOCK_MS):
        raise LimitReached
    if await state.redis.incr(f"let through:{activity_id}") > await state.stock(activity_id):
        raise SoldOut
    return await abort(state, request)


async def retry(state: Counter, request: Request) -> str:
    """Optimistic lock: who finds another version than he read reads again, until his deadline."""
    while True:
        try:
            return await abort(state, request)
        except Aborted:
            continue


async def for_update(state: Counter, request: Request) -> str:
    """Pessimistic lock: buyers stand in line for the row."""
    async with state.shop.transaction() as cursor:
        await _version(cursor, request, " FOR UPDATE")
        await cursor.execute(_IF_LEFT, (request.activity_id,))
        return await write_order(cursor, request)


async def conditional(state: Counter, request: Request) -> str:
    """One statement takes a unit if there is one."""
    async with state.shop.transaction() as cursor:
        if not await cursor.execute(_IF_LEFT, (request.activity_id,)):
            raise SoldOut
        return await write_order(cursor, request)


async def counter(state: Counter, request: Request) -> str:
    """Redis counts down, and what it lets through is queued: the yes comes before anything is written."""
    left = f"left:{request.activity_id}"
    await state.redis.set(left, await state.stock(request.activity_id), nx=True)
    if await state.redis.decr(left) < 0:
        raise SoldOut
    order_id = uuid4().hex
    state.queue.put_nowait((request, order_id))
    return order_id


async def write_queue(state: Counter) -> None:
    """What the queue's reader does, for ever: one order after the other, each in a transaction of its own."""
    while True:
        request, _ = await state.queue.get()
        try:
            await conditional(state, request)
        except (SoldOut, Aborted, LimitReached):
            continue


async def _version(cursor: Any, request: Request, lock: str = "") -> int:
    await cursor.execute(_LOOK + lock, (request.activity_id,))
    stock, taken, version = await cursor.fetchone()
    if taken >= stock:
        raise SoldOut
    return int(version)


Design = Callable[[Counter, Request], Awaitable[str]]
DESIGNS: Mapping[str, Design] = {
    "seed": seed,
    "abort": abort,
    "retry": retry,
    "for_update": for_update,
    "conditional": conditional,
    "counter": counter,
}
