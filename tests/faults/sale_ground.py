"""Where a server of Seckill is killed again and again: its database, its Redis, and what must hold then."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import update

from benchmarks.checking.__main__ import INVARIANTS
from benchmarks.checking.evidence import Evidence
from benchmarks.checking.gate import read_gates
from benchmarks.checking.rows import read_rows
from benchmarks.checking.said import Log
from clients import ActivityClient, Channel, SeckillClient, Unavailable, connect
from nectary.common.v1 import money_pb2
from nectary.seckill.v1 import activity_service_pb2 as activity_pb
from nectary.seckill.v1 import seckill_pb2 as seckill
from servers.seckill.sql.tables import common
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.contract.seckill.books import Books, read_books, violations
from tests.faults.process import Nursery, Server
from tests.migrated import have_tables

RESOLVED_SECONDS = 5.0
"""After a restart, so long at most until nothing is left of an attempt that died."""
NO_LOG = Log([], [])
PRICE = money_pb2.Money(currency="CNY", amount_minor=990)


class SaleGround:
    """One database, and the server that sells from it now."""

    def __init__(self, url: str, redis_url: str, nursery: Nursery) -> None:
        self.url = url
        self.redis_url = redis_url
        self.engine = blocking_engine(StoreConfig(url, pool_size=1))
        self._nursery = nursery
        self.resolutions: list[float] = []
        """Of each look after a restart: in how many seconds nothing was amiss any more."""
        self._numbers = itertools.count(1)
        self._server: Server | None = None
        self._channel: Channel | None = None

    @property
    def server(self) -> Server:
        assert self._server is not None, "started by `restart`"
        return self._server

    @property
    def client(self) -> SeckillClient:
        """Nothing is repeated by itself: a test sees every answer."""
        assert self._channel is not None, "opened by `restart`"
        return SeckillClient(self._channel)

    @property
    def activities(self) -> ActivityClient:
        assert self._channel is not None, "opened by `restart`"
        return ActivityClient(self._channel)

    def new_member(self) -> str:
        return f"member-{next(self._numbers)}"

    def settings(self, *, jobs: bool) -> dict[str, object]:
        usual: dict[str, object] = {
            "store_url": self.url,
            "redis_url": self.redis_url,
            "slices": "seckill",
        }
        return usual | {"jobs": "on" if jobs else "off"}

    async def restart(self, *, jobs: bool) -> None:
        """Another server in the place of the one before, which is killed if it lives."""
        await self.close()
        self.let_leases_run_out()
        self._server = await self._nursery.start(**self.settings(jobs=jobs))
        self._channel = connect(self.server.address)

    async def restart_doomed(self, begins: str, number: int) -> None:
        """As `restart` with jobs, but it dies at that step."""
        await self.close()
        self.let_leases_run_out()
        self._nursery.doom(begins, number)
        self._server = await self._nursery.start_doomed(**self.settings(jobs=True))
        self._channel = connect(self.server.address)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()
        if self._server is not None:
            self._server.kill()

    def let_leases_run_out(self) -> None:
        """As if the time that a dead holder's leases had left were over."""
        with self.engine.begin() as connection:
            connection.execute(update(common.lease).values(expires_time=0))

    async def opened(self, stock: int, **more: Any) -> str:
        """An activity that sells now; its id."""
        activity_id = f"sale_{next(self._numbers)}"
        now = datetime.now(UTC)
        usual: dict[str, Any] = {
            "title": "Gold for a song",
            "item": seckill.Item(sku_id="gold_monthly"),
            "price": PRICE,
            "open_time": now - timedelta(minutes=1),
            "close_time": now + timedelta(hours=1),
            "stock": stock,
            "member_limit": 1,
            "payment_timeout": Duration(seconds=900),
        }
        await self.activities.create_activity(activity_id, seckill.ActivitySettings(**usual | more))
        await self.activities.publish_activity(activity_id)
        return activity_id

    def books(self, activity_id: str) -> Books:
        with self.engine.connect() as connection:
            return read_books(connection, activity_id)

    async def amiss(self, activity_id: str) -> list[str]:
        """I1 to I8 after a restart with jobs: in words, what is still wrong when it should not be."""
        began, found = time.monotonic(), activity_pb.ReconcileResponse()
        while time.monotonic() - began < RESOLVED_SECONDS:
            # The gate of a server that has just started may be late on a busy machine.
            with suppress(Unavailable):
                found = await self.activities.reconcile(activity_id)
            if _is_whole(found):
                self.resolutions.append(time.monotonic() - began)
                return [*violations(self.books(activity_id)), *self.judged(activity_id)]
            await asyncio.sleep(0.05)
        return [f"not resolved in {RESOLVED_SECONDS} s: {found}", *violations(self.books(activity_id))]

    def judged(self, activity_id: str, log: Log = NO_LOG) -> list[str]:
        """The independent checker's word on all orders, on this gate, and on what clients were told."""
        gates = [gate for gate in read_gates(self.redis_url) if gate.activity == activity_id]
        evidence = Evidence(read_rows(self.url), gates, log)
        return [str(one) for check in INVARIANTS.values() for one in check(evidence)]


def _is_whole(found: activity_pb.ReconcileResponse) -> bool:
    settled = all(part.claimed == 0 and part.held == part.ordered for part in found.gate)
    return bool(found.gate) and found.still and found.balanced and settled and not found.difference_counts


@asynccontextmanager
async def sale_ground(url: str, redis_url: str, nursery: Nursery) -> AsyncIterator[SaleGround]:
    """A ground on an empty database, its server without jobs."""
    have_tables(url)
    with redis.from_url(redis_url) as client:
        client.flushall()
    async with AsyncExitStack() as closing:
        made = SaleGround(url, redis_url, nursery)
        closing.callback(made.engine.dispose)
        closing.push_async_callback(made.close)
        await made.restart(jobs=False)
        yield made
