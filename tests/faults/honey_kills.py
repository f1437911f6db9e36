"""Kills a server of Honey at every step of its writes and of its job, and under load."""

from pathlib import Path

from tests.faults.honey_crowd import earners, forgotten_or_twice, open_shops
from tests.faults.honey_ground import honey_ground
from tests.faults.honey_jobs import DueRounds, OrderRounds
from tests.faults.honey_stories import HONEY_STORIES
from tests.faults.job_rounds import every_step
from tests.faults.load_rounds import MEMBERS, killed_under_load
from tests.faults.process import nursery
from tests.faults.rounds import StoryRounds
from tests.faults.table import Table
from tests.servers import Redis


async def honey_killed(table: Table, engine: str, url: str, folder: Path, random_kills: int) -> None:
    """`url` is an empty database."""
    place = folder / "honey"
    place.mkdir()
    server = Redis.valkey()
    try:
        server.start()
        async with nursery() as servers, honey_ground(url, server.url, servers, place) as land:
            for story in HONEY_STORIES:
                name = f"honey: {story.__name__.replace('_', ' ')}"
                await table.rounds(engine, name, StoryRounds(land, story).every_step())
            await table.rounds(engine, "honey: due", every_step(DueRounds(land)))
            await table.rounds(engine, "honey: orders of others", every_step(OrderRounds(land)))
            await open_shops(land.client)
            toll = await killed_under_load(land, earners(MEMBERS, seed=1), forgotten_or_twice, random_kills)
            table.load(engine, f"honey: {MEMBERS} members", toll)
    finally:
        server.discard()
