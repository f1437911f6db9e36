"""How many units are sold a second, each committed before its buyer is told?

    python -m benchmarks.seckill_durable [--quick]

10,000 members for 10,000 units: every call ends in an order. 256 calls are under way at any time, with the
whole chain of interceptors and all jobs, on a MariaDB that syncs every commit and on Redis. Beside it a bare
echo of the same request, and single rows inserted and committed by 8 connections of the same driver on the
same MariaDB. Aims: at least 0.6 of the echo's rate, and 0.8 of the raw commits'.
"""

from benchmarks.measuring.children import child
from benchmarks.measuring.commits import CREATE, commit_rows
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import at_least, heading, number, ranged, table
from benchmarks.seckill_rush import echoed
from benchmarks.selling.ground import Ground, ground
from benchmarks.selling.offers import offer, wishes
from benchmarks.selling.report import (
    cost_table,
    interleaved,
    latency_table,
    rate,
    ratio,
    size_asked,
    spread,
)
from benchmarks.selling.sale import Run, seller

MEMBERS, ROWS, CONNECTIONS = 10_000, 6_000, 8
NECTARY, ECHO = "Nectary", "bare echo"
AIM_ECHO, AIM_COMMITS = 0.6, 0.8
RAW = "raw"


def main() -> None:
    size = size_asked(__doc__)
    members = MEMBERS // size.part
    heading(f"{members:,} members for as many units, each durable, beside echo and raw commits")
    commits: list[float] = []
    with (
        ground() as own,
        Load() as load,
        seller(own, load) as shop,
        child("benchmarks.measuring.echo") as echo,
    ):
        raw_url = _raw(own)

        def sale() -> Run:
            run = shop.sell(wishes(offer(shop.server.address, members), members))
            shop.check()
            if len(run.sold) != members:
                raise AssertionError(f"{len(run.sold)} sold of {members}: the run is void")
            done = load.run(commit_rows, raw_url, ROWS, CONNECTIONS)
            commits.append(done.rows / done.seconds)
            return run

        runs = interleaved({ECHO: lambda: echoed(own, load, echo, members), NECTARY: sale}, size.rounds)
    cost_table(runs)
    latency_table(runs, {"answered": lambda run: run.sold})
    sold = runs[NECTARY]
    against_raw = Spread.of(
        [rate(run) / each for run, each in zip(sold, commits[-size.rounds :], strict=True)]
    )
    against_echo = ratio(sold, runs[ECHO], rate)
    per_unit = number(spread(sold, lambda run: run.stores.statements / len(run.sold)).median)
    table(
        ["against", "rate (range)", "aim"],
        [
            ["bare echo", ranged(against_echo), at_least(against_echo, AIM_ECHO)],
            [
                f"raw commits, {ranged(Spread.of(commits[-size.rounds :]))} a second",
                ranged(against_raw),
                at_least(against_raw, AIM_COMMITS),
            ],
        ],
    )
    print(f"SQL statements of a unit, all told: {per_unit}")


def _raw(own: Ground) -> str:
    url = own.mariadb.create_database(RAW)
    with own.mariadb.connect(RAW) as connection, connection.cursor() as cursor:
        cursor.execute(CREATE)
    return url


if __name__ == "__main__":
    main()
