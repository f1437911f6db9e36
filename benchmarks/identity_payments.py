"""How many payments are confirmed a second, next to single-row commits of the same driver?

    python -m benchmarks.identity_payments [--quick]

32 callers at any time, each for another member, on a MariaDB that syncs every commit, with the relay
publishing the events meanwhile. Half of the payments open a timeline, half renew a card. The baseline
is 32 tasks that insert one row and commit, with asyncmy on uvloop, on the same MariaDB. Aim: a quarter
of the baseline's rate; stretch: half, which only one commit for several members can reach.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measuring.commits import COUNT, CREATE, commit_rows
from benchmarks.measuring.cpu import cpu_seconds
from benchmarks.measuring.load import Load
from benchmarks.measuring.members import give, new_id
from benchmarks.measuring.mesh import Mesh, mesh
from benchmarks.measuring.rounds import ROUNDS, Rounds, Sample, interleaved, ratios, spread
from benchmarks.measuring.table import at_least, heading, number, ranged, table
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb

CONCURRENT = 32
SKU = "gold_annual"
SERVICE = "/nectary.identity.v1.IdentityService/"
PAYMENTS, COMMITS = "ConfirmPayment", "raw INSERT + COMMIT"
QUARTER, HALF = 0.25, 0.5


@dataclass(frozen=True)
class Size:
    """How much is done in a round."""

    rounds: int
    payments: int
    commits: int


FULL = Size(rounds=ROUNDS, payments=3_200, commits=9_600)
QUICK = Size(rounds=1, payments=320, commits=960)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few payments, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading("ConfirmPayment next to raw single-row commits, 32 at a time")
    with mesh() as own, Load() as load:
        bench = _Bench(own, load, size)
        rounds = interleaved({COMMITS: bench.commits, PAYMENTS: bench.payments}, size.rounds)
    _report(rounds, bench)


class _Bench:
    """Both contenders on one MariaDB, which is watched too."""

    def __init__(self, own: Mesh, load: Load, size: Size) -> None:
        self.database_us: dict[str, list[float]] = {COMMITS: [], PAYMENTS: []}
        """CPU time of MariaDB for each call, round after round."""
        self._mesh = own
        self._load = load
        self._size = size
        self._mariadb_pid = own.mariadb_pid
        self._raw_url = own.mariadb.create_database("raw")
        with own.mariadb.connect("raw") as connection, connection.cursor() as cursor:
            cursor.execute(CREATE)

    def commits(self) -> Sample:
        before = self._mesh.count(f"SELECT COUNT(*) FROM raw.raw_commit")
        ...
