"""How much sooner is everybody answered than by the classic designs, and do they sell the stock at all?

    python -m benchmarks.seckill_classics [--quick]

10,000 members want one of 1,000 units each, 256 at any time, on a MariaDB that syncs every commit and on
Redis. The designs that the source article names stand beside Nectary, each a small server of its own on the
same transport, the same tables and 16 connections, and a bare echo beside all. The row `seed` is the whole
design of the article; `counter` says yes before anything is written, and its orders are waited for.

Aims: exactly 1,000 sold; the last sale within a third of the time that all answers take; units sold a second,
from the first call to the last yes, at least 4.5 times those of SELECT ... FOR UPDATE and 5.5 times those of
the version column with retries. Nobody can answer all 10,000 faster than the echo, so that ratio is bounded.
Row 6 of docs/flash-sale-faults.md is what the row `seed` does.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.classic.__main__ import SERVICE
from benchmarks.classic.designs import DESIGNS
from benchmarks.loadgen.plan import Closed, Plan
from benchmarks.measuring.children import Child, child
from benchmarks.measuring.echo import path_of
from benchmarks.measuring.load import Load
from benchmarks.measuring.table import at_least, at_most, heading, number, ranged, table
from benchmarks.selling.ground import DATABASE, Ground, ground
from benchmarks.selling.offers import calls, new_id, offer, wishes
from benchmarks.selling.report import cost_table, interleaved, rate, ratio, size_asked, sold_rate, spread
from benchmarks.selling.sale import CONNECTIONS, IN_FLIGHT, Run, Seller, driven, seller

MEMBERS, STOCK = 10_000, 1_000
NECTARY, ECHO = "Nectary", "bare echo"
AIMS = {"for_update": 4.5, "retry": 5.5}
THIRD = 1 / 3
DRAIN_SECONDS = 60.0
DEADLINE_SECONDS = 60.0
"""Enough for every retry: a classic design shall not look fast because its callers gave up."""
_ACTIVITY = """
    INSERT INTO seckill_activity (activity_id, version, state, opens_time, closes_time, stock, taken, content)
    VALUES (%s, 1, 'PUBLISHED', 0, 9000000000000000, %s, 0, '{}')
"""


def main() -> None:
    size = size_asked(__doc__)
    heading(f"{MEMBERS:,} members for {STOCK:,} units: Nectary and the classic designs")
    # The designs sell on stores of their own, where no job of Nectary's meets rows that it did not write.
    with ground() as own, ground() as theirs, Load() as load, ExitStack() as stack:
        shop = stack.enter_context(seller(own, load))
        echo = stack.enter_context(child("benchmarks.measuring.echo"))
        contenders: dict[str, Callable[[], Run]] = {
            ECHO: lambda: _run(theirs, load, echo, path_of("ReserveUnit"), "none", size.part),
            NECTARY: lambda: _sale(shop, size.part),
        }
        for design in DESIGNS:
            server = stack.enter_context(_classic(design, theirs))
            contenders[design] = _contender(theirs, load, server, size.part)
        runs = interleaved(contenders, size.rounds)
    _report(runs)


def _sale(shop: Seller, part: int) -> Run:
    run = shop.sell(wishes(offer(shop.server.address, STOCK // part), MEMBERS // part))
    shop.check()
    if len(run.sold) != STOCK // part:
        raise AssertionError(f"{len(run.sold)} sold of {STOCK}: the run is void")
    return run


def _contender(theirs: Ground, load: Load, server: Child, part: int) -> Callable[[], Run]:
    def run() -> Run:
        activity = new_id()
        with theirs.mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
            cursor.execute(_ACTIVITY, (activity, STOCK // part))
        sold = _run(theirs, load, server, f"/{SERVICE}/ReserveUnit", activity, part)
        end = time.monotonic() + DRAIN_SECONDS
        while theirs.orders(activity) < len(sold.sold) and time.monotonic() < end:
            time.sleep(0.01)
        if theirs.orders(activity) != len(sold.sold) or len(sold.sold) > STOCK // part:
            raise AssertionError(f"{len(sold.sold)} were told yes, {theirs.orders(activity)} have an order")
        return sold

    return run


def _run(where: Ground, load: Load, server: Child, path: str, activity: str, part: int) -> Run:
    plan = Plan(
        server.address,
        calls(wishes(activity, MEMBERS // part), path),
        Closed(IN_FLIGHT),
        CONNECTIONS,
        deadline_seconds=DEADLINE_SECONDS,
    )
    return driven(where, load, server, plan)


@contextmanager
def _classic(design: str, where: Ground) -> Iterator[Child]:
    with child("benchmarks.classic", design, where.store_url, where.redis.url) as server:
        yield server


def _report(runs: dict[str, list[Run]]) -> None:
    cost_table(runs)
    rows = []
    for name in runs.keys() - {ECHO}:
        mine = runs[name]
        faster = ratio(runs[NECTARY], mine, sold_rate)
        statements = spread(mine, lambda run: run.stores.statements / max(1, len(run.sold)))
        rows.append(
            [
                name,
                ranged(spread(mine, lambda run: len(run.sold))),
                ranged(spread(mine, lambda run: run.last_sale)),
                ranged(spread(mine, lambda run: run.journal.seconds)),
                number(statements.median),
                ranged(ratio(runs[NECTARY], mine, rate)),
                ranged(faster),
                at_least(faster, AIMS[name]) if name in AIMS else "",
            ]
        )
    columns = ["", f"sold of {STOCK:,}", "last sale s", "all answered s", "SQL a unit"]
    table([*columns, "Nectary answers faster by", "sells faster by", "aim"], sorted(rows))
    share = spread(runs[NECTARY], lambda run: run.last_sale / run.journal.seconds)
    print(f"Nectary's last sale came at {ranged(share)} of the time of all answers; {at_most(share, THIRD)}")


if __name__ == "__main__":
    main()
