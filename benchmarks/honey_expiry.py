"""How many lots expire a second when all fall due at one midnight?

    python -m benchmarks.honey_expiry [--quick]

100,000 wallets with 10 lots each. The job is the one of Honey's server, in a process of its own, with group
commit, entries, chain and events, on a MariaDB that syncs every commit. The baseline is one UPDATE of as many
rows of the same table, which keeps no record of anything. Aim: 0.3 of the baseline's rate.
After each run of the job the tables are judged: every wallet against its entries, lots and transactions, and
the chains of 200 wallets computed anew.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import uvloop

from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import ROUNDS, Rounds, Sample, interleaved, ratios, spread
from benchmarks.measuring.table import at_least, heading, number, ranged, table
from benchmarks.points.ledger import BEGAN, Filling, Ledger, member_wallet
from benchmarks.selling.ground import Ground, ground
from domain.shared.instants import DAY, Instant
from servers.honey.jobs import SIDE_BY_SIDE, DueJob
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.tables import common
from servers.honey.sql.unit import Unit
from servers.mesh.garbage import collect_seldom
from servers.store.config import StoreConfig
from servers.store.store import Store
from servers.store.writes import Writes

LOTS, POINTS = 10, 100
MIDNIGHT = BEGAN + 365 * DAY
CHAINS = 200
AIM = 0.3
JOB, UPDATE = "the job", "one UPDATE"
TABLES = ("honey_wallet", "honey_lot", "honey_transaction", "honey_entry")
_UPDATE = """
    UPDATE honey_lot SET expired = expired + active, active = 0, due_time = NULL, burnable = 0
    WHERE due_time <= :now
"""


@dataclass(frozen=True)
class Size:
    """How much falls due in a round."""

    rounds: int
    wallets: int


FULL = Size(rounds=ROUNDS, wallets=100_000)
QUICK = Size(rounds=1, wallets=2_000)


@dataclass(frozen=True)
class Expired:
    """What the job took, in its own process."""

    seconds: float
    cpu_seconds: float


class Midnight:
    """The clock of the job."""

    def now(self) -> Instant:
        return MIDNIGHT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few lots, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading(f"{size.wallets * LOTS:,} lots of {size.wallets:,} wallets expire at one midnight")
    with ground() as stores, Load() as load:
        bench = _Bench(stores, load, size)
        rounds = interleaved({UPDATE: bench.update, JOB: bench.job}, size.rounds)
        bench.close()
    _report(rounds)


class _Bench:
    """Both contenders; each finds the same rows, copied from those that were filled in once."""

    def __init__(self, stores: Ground, load: Load, size: Size) -> None:
        self._stores, self._load = stores, load
        self._ledger = Ledger(stores.store_url)
        self._wallets = [member_wallet(f"m{each}") for each in range(size.wallets)]
        self._lots = size.wallets * LOTS
        self._ledger.fill(self._wallets, Filling(LOTS, POINTS, MIDNIGHT))
        for name in TABLES:
            self._ledger.run(f"CREATE TABLE filled_{name} LIKE {name}")
            self._ledger.copy(name, f"filled_{name}")

    def close(self) -> None:
        self._ledger.close()

    def update(self) -> Sample:
        self._restore()
        before, began = self._stores.meter(), time.monotonic()
        changed = self._ledger.run(_UPDATE, now=MIDNIGHT)
        seconds = time.monotonic() - began
        _require(changed == self._lots, "rows were not updated")
        return Sample(self._lots, seconds, 0.0, self._stores.meter().since(before).database_seconds)

    def job(self) -> Sample:
        self._restore()
        before = self._stores.meter()
        done = self._load.run(run_job, self._stores.store_url)
        database = self._stores.meter().since(before).database_seconds
        self._check()
        return Sample(self._lots, done.seconds, done.cpu_seconds, database)

    def _restore(self) -> None:
        self._ledger.run("TRUNCATE honey_outbox")
        for name in TABLES:
            self._ledger.run(f"TRUNCATE {name}")
            self._ledger.copy(f"filled_{name}", name)

    def _check(self) -> None:
        expired = "SELECT SUM(expired) FROM honey_wallet WHERE active = 0 AND next_due_time IS NULL"
        told = "SELECT COUNT(*) FROM honey_outbox WHERE type = 'PointsExpired'"
        written = "SELECT COUNT(*) FROM honey_transaction WHERE kind = 'EXPIRED'"
        _require(self._ledger.value(expired) == self._lots * POINTS, "points did not expire")
        _require(self._ledger.value(told) == self._ledger.value(written) > 0, "events are missing")
        self._ledger.require_sound(_some(self._wallets))


def run_job(store_url: str) -> Expired:
    """Runs in a process of its own, from the first wallet to the last."""
    return uvloop.run(_run_job(store_url))


async def _run_job(store_url: str) -> Expired:
    store, memory, clock = Store(StoreConfig(store_url)), RulesMemory(), Midnight()
    writes: Writes[Unit] = Writes(
        "honey",
        store,
        lambda connection: Unit(connection, memory),
        common.idempotency,
        clock,
        in_flight=SIDE_BY_SIDE,
    )
    collect_seldom()
    try:
        began, cpu_began = time.monotonic(), time.process_time()
        await DueJob(store, writes, clock).catch_up(MIDNIGHT)
        return Expired(time.monotonic() - began, time.process_time() - cpu_began)
    finally:
        await store.close()


def _some(wallet_ids: Sequence[str]) -> Sequence[str]:
    return wallet_ids[:: max(1, len(wallet_ids) // CHAINS)]


def _require(kept: bool, broken: str) -> None:
    if not kept:
        raise AssertionError(f"{broken}: the run is void")


def _report(rounds: Rounds) -> None:
    rows = []
    for name, samples in rounds.items():
        against = ratios(samples, rounds[UPDATE], lambda sample: sample.rate)
        figures = (
            spread(samples, lambda sample: sample.rate).median,
            spread(samples, lambda sample: sample.cpu_us).median,
            spread(samples, lambda sample: sample.database_us).median,
        )
        aim = at_least(against, AIM) if name == JOB else ""
        rows.append([name, *map(number, figures), ranged(against), aim])
    columns = ["", "lots/s", "CPU us/lot", "MariaDB CPU us/lot", "rate against UPDATE (range)", "aim"]
    table(columns, rows)


if __name__ == "__main__":
    main()
