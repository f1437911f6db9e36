"""Kills the server at every step of its writes, and at random moments under load; prints what came of it.

    python -m tests.faults [--engine sqlite|mysql] [--random KILLS]

Each line is one story on one engine: how often the process was killed, how often the call had never
happened and how often it had happened once when the server was up again, and how many violations of any
invariant were found then. Exit status 1 if there was one.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.ground import Ground, ground
from tests.faults.job_rounds import AnnouncerRounds, RelayRounds, every_step
from tests.faults.load_rounds import MEMBERS, killed_under_load
from tests.faults.process import nursery
from tests.faults.rounds import Fate, Round, StoryRounds
from tests.faults.sale_ground import SaleGround, sale_ground
from tests.faults.sale_load import BUYERS, sale_killed_under_load
from tests.faults.sale_rounds import SALE_STORIES, SaleRounds
from tests.faults.stories import STORIES
from tests.servers import MariaDB, Redis

ENGINES = ("sqlite", "mysql")
RANDOM_KILLS = 240
HEADING = f"{'engine':7} {'story':46} {'kills':>6} {'never':>6} {'once':>6} {'violations':>11} {'seconds':>8}"


class Table:
    """Prints its lines as they come."""

    def __init__(self) -> None:
        self.kills = 0
        self.violations: list[str] = []
        print(HEADING, flush=True)

    def line(
        self,
        engine: str,
        story: str,
        kills: int,
        fates: Counter[Fate],
        violations: Sequence[str],
        began: float,
    ) -> None:
        self.kills += kills
        self.violations += [f"{engine}, {story}: {violation}" for violation in violations]
        never, once = (str(fates[fate]) if fates else "-" for fate in (Fate.NEVER, Fate.ONCE))
        seconds = time.monotonic() - began
        print(
            f"{engine:7} {story:46} {kills:6} {never:>6} {once:>6} {len(violations):11} {seconds:8.1f}",
            flush=True,
        )

    async def rounds(self, engine: str, story: str, rounds: AsyncIterator[Round]) -> None:
        began = time.monotonic()
        done = [each async for each in rounds]
        fates = Counter(each.fate for each in done)
        self.line(engine, story, len(done), fates, [text for each in done for text in each.violations], began)


async def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one; both if not given")
    parser.add_argument("--random", type=int, default=RANDOM_KILLS, help="kills under load, in all")
    options = parser.parse_args(arguments)
    engines = options.engine or ENGINES
    table = Table()
    for engine in engines:
        with tempfile.TemporaryDirectory(prefix="nectary-kills-") as folder, _database(engine, folder) as url:
            await _killed(table, engine, url, Path(folder), options.random // len(engines))
    print(f"\n{table.kills} kills, {len(table.violations)} violations")
    print("\n".join(table.violations[:20]))
    return bool(table.violations)


async def _killed(table: Table, engine: str, url: str, folder: Path, random_kills: int) -> None:
    with _redis() as redis_url:
        async with nursery() as servers, ground(url, redis_url, servers, folder) as land:
            for story in STORIES:
                name = story.__name__.replace("_", " ")
                await table.rounds(engine, name, StoryRounds(land, story).every_step())
            await table.rounds(engine, "relay", every_step(RelayRounds(land)))
            await table.rounds(engine, "announcer", every_step(AnnouncerRounds(land)))
            await _under_load(table, engine, land, random_kills)
        async with nursery() as servers, sale_ground(f"{url}_sale", redis_url, servers) as land_of_sale:
            await _sale_killed(table, engine, land_of_sale, random_kills)


async def _sale_killed(table: Table, engine: str, land: SaleGround, random_kills: int) -> None:
    for story in SALE_STORIES:
        activity_id = await land.opened(1_000)
        await table.rounds(
            engine, f"sale: {story.__name__}", SaleRounds(land, story, activity_id).every_step()
        )
    began = time.monotonic()
    toll = await sale_killed_under_load(land, random_kills)
    name = f"{BUYERS} buyers at random ({toll.answered} orders)"
    table.line(engine, name, toll.kills, Counter(), toll.violations, began)


async def _under_load(table: Table, engine: str, land: Ground, kills: int) -> None:
    began = time.monotonic()
    toll = await killed_under_load(land, kills)
    story = f"{MEMBERS} members at random ({toll.answered} answers)"
    table.line(engine, story, toll.kills, Counter(), toll.violations, began)


@contextmanager
def _database(engine: str, folder: str) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/nectary.db"
        return
    server = MariaDB()
    try:
        server.start().create_database("nectary_sale")
        yield server.create_database("nectary")
    finally:
        server.discard()


@contextmanager
def _redis() -> Iterator[str]:
    server = Redis.valkey()
    try:
        yield server.start().url
    finally:
        server.discard()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
