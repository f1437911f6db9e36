"""Kills a server of Seckill at every step of its writes and jobs, stops it there, and kills it under load."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

from tests.faults.job_rounds import every_step
from tests.faults.process import nursery
from tests.faults.rounds import Round
from tests.faults.sale_ground import SaleGround, sale_ground
from tests.faults.sale_job_rounds import ExpiryRounds, SweepRounds
from tests.faults.sale_load import BUYERS, sale_killed_under_load
from tests.faults.sale_pauses import PausedRounds
from tests.faults.sale_rounds import SALE_STORIES, SaleRounds
from tests.faults.table import Table
from tests.servers import Redis

SWEEP_STEPS = 6
"""Of the first pass after a start: looking for live activities, and at the open claims of each."""
REDIS = {"valkey": Redis.valkey, "redis": Redis.installed}
"""The gate's servers."""


async def sales_killed(table: Table, engine: str, urls: Mapping[str, str], random_kills: int) -> None:
    """On each gate's server in turn; `urls` are empty databases by its name."""
    resolutions: list[float] = []
    for name, url in urls.items():
        with _started(name) as redis_url:
            async with nursery() as servers, sale_ground(url, redis_url, servers) as land:
                await _killed(table, engine, name, land, random_kills // len(urls))
                if engine != "sqlite":
                    await _paused(table, engine, name, land)
                resolutions += land.resolutions
    print(f"{engine}: resolved {len(resolutions)} times, after {max(resolutions):.2f} s at most", flush=True)


async def _killed(table: Table, engine: str, gate: str, land: SaleGround, random_kills: int) -> None:
    for story in SALE_STORIES:
        activity_id = await land.opened(1_000)
        rounds = SaleRounds(land, story, activity_id).every_step()
        await table.rounds(engine, f"sale, {gate}: {story.__name__}", rounds)
    sweeps = SweepRounds(land, await land.opened(1_000))
    await table.rounds(engine, f"sale, {gate}: sweep", _first_steps(sweeps))
    await table.rounds(engine, f"sale, {gate}: expiry", every_step(ExpiryRounds(land)))
    began = time.monotonic()
    toll = await sale_killed_under_load(land, random_kills)
    name = f"sale, {gate}: {BUYERS} buyers ({toll.answered} orders)"
    table.line(engine, name, toll.kills, Counter(), toll.violations, began)


async def _paused(table: Table, engine: str, gate: str, land: SaleGround) -> None:
    """Not on SQLite, which has one process."""
    await land.restart(jobs=True)
    async with nursery() as elsewhere:
        other = await elsewhere.start(**land.settings(jobs=True))
        activity_id = await land.opened(10_000)
        await table.rounds(
            engine,
            f"sale, {gate}: reservation stopped, and woken",
            PausedRounds(land, other, activity_id).every_step(),
        )


async def _first_steps(sweeps: SweepRounds) -> AsyncIterator[Round]:
    for number in range(1, SWEEP_STEPS + 1):
        yield await sweeps.killed_at(number)


@contextmanager
def _started(name: str) -> Iterator[str]:
    server = REDIS[name]()
    try:
        yield server.start().url
    finally:
        server.discard()
