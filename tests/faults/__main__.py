"""Kills the server at every step of its writes, and at random moments under load; prints what came of it.

    python -m tests.faults [--engine sqlite|mysql] [--only identity|sale|honey] [--random N] ...

Each line is one story on one engine: how often the process was killed, how often the call had never
happened and how often it had happened once when the server was up again, and how many violations of any
invariant were found then. Of a sale it says too how many kills hit each crash point, and how long it took at
most until nothing was left of what died. Exit status 1 if there was a violation.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.books import violations
from tests.faults.ground import ground
from tests.faults.honey_kills import honey_killed
from tests.faults.job_rounds import AnnouncerRounds, RelayRounds, every_step
from tests.faults.load_rounds import MEMBERS, killed_under_load
from tests.faults.process import nursery
from tests.faults.rounds import StoryRounds
from tests.faults.sale_kills import REDIS, sales_killed
from tests.faults.shoppers import shoppers
from tests.faults.stories import STORIES
from tests.faults.table import Table
from tests.servers import MariaDB, Redis

ENGINES = ("sqlite", "mysql")
SLICES = ("identity", "sale", "honey")
RANDOM_KILLS = 240

NewDatabase = Callable[[str], str]
"""Makes an empty one of this name; its store URL."""


async def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one; both if not given")
    parser.add_argument("--only", choices=SLICES, help="only this slice; all if not given")
    parser.add_argument("--gate", choices=REDIS, help="a sale's only on this server; on both if not given")
    parser.add_argument(
        "--random", type=int, default=RANDOM_KILLS, help="kills under load, in all, of each slice"
    )
    options = parser.parse_args(arguments)
    engines = options.engine or ENGINES
    table, kills = Table(), options.random // len(engines)
    for engine in engines:
        with (
            tempfile.TemporaryDirectory(prefix="nectary-kills-") as folder,
            _databases(engine, Path(folder)) as new_database,
        ):
            if options.only in (None, "identity"):
                await _identity_killed(table, engine, new_database("nectary"), Path(folder), kills)
            if options.only in (None, "honey"):
                await honey_killed(table, engine, new_database("honey"), Path(folder), kills)
            if options.only in (None, "sale"):
                gates = [options.gate] if options.gate else REDIS
                urls = {name: new_database(f"sales_{name}") for name in gates}
                await sales_killed(table, engine, urls, kills)
    if table.points:
        table.show_points()
    print(f"\n{table.kills} kills, {len(table.violations)} violations")
    return bool(table.violations)


async def _identity_killed(table: Table, engine: str, url: str, folder: Path, random_kills: int) -> None:
    server = Redis.valkey()
    try:
        server.start()
        async with nursery() as servers, ground(url, server.url, servers, folder) as land:
            for story in STORIES:
                name = story.__name__.replace("_", " ")
                await table.rounds(engine, name, StoryRounds(land, story).every_step())
            await table.rounds(engine, "relay", every_step(RelayRounds(land)))
            await table.rounds(engine, "announcer", every_step(AnnouncerRounds(land)))
            crowd = shoppers(MEMBERS, seed=1)
            toll = await killed_under_load(land, crowd, violations, random_kills)
            table.load(engine, f"{MEMBERS} members at random", toll)
    finally:
        server.discard()


@contextmanager
def _databases(engine: str, folder: Path) -> Iterator[NewDatabase]:
    if engine == "sqlite":
        yield lambda name: f"sqlite:///{folder}/{name}.db"
        return
    server = MariaDB()
    try:
        yield server.start().create_database
    finally:
        server.discard()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
