"""What all designs share: connections, and a sale's rows on Seckill's own tables."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncmy
from asyncmy.errors import IntegrityError, OperationalError

from nectary.seckill.v1 import seckill_service_pb2 as pb
from servers.store.config import parsed_url

CONNECTIONS = 16
"""To the database. More make the designs that lock slower, not faster."""
PAYMENT_SECONDS = 900
_ORDER = """
    INSERT INTO seckill_order (order_id, activity_id, member_id, request_id, tranche, quantity, amount,
        currency, scene, state, moves, reserved_time, expires_time, payment_id, reason)
    VALUES (%s, %s, %s, %s, 1, 1, 100, 'CNY', '', 'RESERVED', 1, %s, %s, '', '')
"""
_MEMBER = """
    INSERT INTO seckill_member (activity_id, member_id, units, member_limit) VALUES (%s, %s, 1, 1)
    ON DUPLICATE KEY UPDATE units = units + 1
"""
_DEADLOCK, _LOCK_WAIT, _CHECK_FAILED = 1213, 1205, 4025


class SoldOut(Exception):
    """Nothing is left."""


class Aborted(Exception):
    """Another buyer was first: this design sends its loser away."""


class LimitReached(Exception):
    """The member has his unit."""


class Shop:
    """A pool of connections in READ COMMITTED, so that each statement sees what is committed."""

    def __init__(self, connections: Sequence[asyncmy.Connection]) -> None:
        self._connections = connections
        self._free: asyncio.LifoQueue[asyncmy.Connection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)

    @classmethod
    @asynccontextmanager
    async def opened(cls, store_url: str) -> AsyncIterator["Shop"]:
        url = parsed_url(store_url)
        connections = [
            await asyncmy.connect(
                host=url.host,
                port=url.port,
                user=url.username,
                db=url.database,
                init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            )
            for _ in range(CONNECTIONS)
        ]
        try:
            yield cls(connections)
        finally:
            for connection in connections:
                await connection.ensure_closed()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A cursor whose statements are committed together, or not at all.

        Raises Aborted for a deadlock or a lock that took too long, LimitReached if the member has his unit.
        """
        connection = await self._free.get()
        try:
            async with connection.cursor() as cursor:
                yield cursor
            await connection.commit()
        except BaseException as error:
            await connection.rollback()
            raise _meant(error) from error
        finally:
            self._free.put_nowait(connection)


async def write_order(cursor: Any, request: pb.ReserveUnitRequest) -> str:
    """The order and the member's unit, once a unit is taken; the order's id."""
    order_id = uuid4().hex
    now = time.time_ns() // 1000
    activity_id, member_id = request.activity_id, request.member_id
    await cursor.execute(_MEMBER, (activity_id, member_id))
    expires = now + PAYMENT_SECONDS * 1_000_000
    await cursor.execute(_ORDER, (order_id, activity_id, member_id, request.request_id, now, expires))
    return order_id


def _meant(error: BaseException) -> BaseException:
    number = error.args[0] if isinstance(error, OperationalError | IntegrityError) else None
    if number in (_DEADLOCK, _LOCK_WAIT):
        return Aborted()
    return LimitReached() if number == _CHECK_FAILED else error
