"""Whole processes of a sale, as the slice puts them together, with databases and a Redis of the test's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

import pytest

from domain.seckill.activity import Activity
from domain.seckill.comparison import Comparison
from domain.seckill.orders import Order
from domain.shared.errors import DomainError
from domain.shared.instants import HOUR
from servers.mesh.clock import SystemClock
from servers.mesh.redis_clients import short_calls
from servers.seckill.gate.gate import Gate
from servers.seckill.ports import Wanted
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.eligibility import Eligibility, Identities
from servers.seckill.sale.jobs import GateCare
from servers.seckill.sale.recent import RecentActivities
from servers.seckill.sale.selling import Selling
from servers.seckill.sale.source import DatabaseSource
from servers.seckill.sale.turn import Turns
from servers.store.config import StoreConfig
from servers.store.store import Store
from tests.contract.seckill.activities import opened

CLOCK = SystemClock()
"""Real time: the gate goes by its server's, and the commit by the database's."""
SLOW_SECONDS = 0.25
"""Tests share their machine, and a gate that is thought to be away is another test's matter."""

EACH_WITH_ONE = pytest.mark.parametrize(
    ("store_url", "redis_server"), [("sqlite", "valkey"), ("mysql", "redis")], indirect=True
)
"""For tests that take seconds: each database with one kind of Redis, neither of which knows of the other."""


@dataclass(frozen=True)
class Process:
    """One process's sale."""

    store: Store
    gate: Gate
    commits: Commits
    sales: Selling
    care: GateCare

    async def reserve(self, activity: Activity, member: str, request_id: str = "") -> Order:
        name = request_id or f"r-{member}"
        return await self.sales.reserve(Wanted(activity.activity_id, member, name, 1, "", "a test"))

    async def crowd(
        self, activity: Activity, members: Sequence[str]
    ) -> tuple[list[Order], list[DomainError]]:
        """All of them at once: who got an order, and what the others were told. Nothing else may happen."""
        asked = [self.reserve(activity, member) for member in members]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        orders = [outcome for outcome in outcomes if isinstance(outcome, Order)]
        refusals = [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
        assert len(orders) + len(refusals) == len(outcomes), outcomes
        return orders, refusals

    async def insist(self, activity: Activity, member: str, seconds: float = 15) -> Order | None:
        """Asks again and again, as honest buyers do, until units came back to him."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    with suppress(DomainError):
                        return await self.reserve(activity, member)
                    await asyncio.sleep(0.05)
        return None

    async def balanced(self, activity: Activity, seconds: float = 6) -> Comparison:
        """I6: within some seconds, without repair, the gate is what the orders say, and nothing is open."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.gate.compare(activity.activity_id, repair=False)
                if found.is_there and found.is_still and not (found.differences or found.open_units):
                    return found
                await asyncio.sleep(0.1)


@asynccontextmanager
async def processes(
    store_url: str,
    redis_url: str,
    count: int = 1,
    identities: Identities | None = None,
    clock: SystemClock = CLOCK,
) -> AsyncIterator[list[Process]]:
    """So many at once, their jobs running but for the leased ones."""
    async with AsyncExitStack() as closing:
        yield [
            await closing.enter_async_context(_process(store_url, redis_url, identities, clock))
            for _ in range(count)
        ]


@asynccontextmanager
async def _process(
    store_url: str, redis_url: str, identities: Identities | None, clock: SystemClock
) -> AsyncIterator[Process]:
    store, client = Store(StoreConfig(store_url)), short_calls(redis_url)
    gate = Gate(client, DatabaseSource(store, clock), slow_seconds=SLOW_SECONDS)
    turns = Turns(client)
    commits = Commits(store, clock, gate, turns)
    eligibility = Eligibility(identities) if identities else None
    sales = Selling(store, clock, gate, commits, RecentActivities(store), eligibility)
    care = GateCare(store, gate, clock)
    jobs = [asyncio.create_task(job) for job in (gate.run(), care.sweep_for_ever())]
    try:
        yield Process(store, gate, commits, sales, care)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await commits.drain()
        await turns.close()
        await gate.close()
        await client.aclose()
        await store.close()


async def opened_now(process: Process, stock: int, **more: object) -> Activity:
    """It sells in real time, and its gate is loaded."""
    now = CLOCK.now()
    window = {"opens": now - HOUR, "closes": now + HOUR}
    activity = await opened(process.store, stock, **(window | more), name=f"sale_{uuid4().hex[:12]}")
    await process.gate.load(activity.activity_id)
    return activity
