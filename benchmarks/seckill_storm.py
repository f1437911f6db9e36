"""What happens when 2,000 buyers connect in the same instant?

    python -m benchmarks.seckill_storm [--quick]

2,000 connections are opened at once, each with one call for one of 500 units, and their time is the calls'.
Whoever is turned away at the door (THROTTLED: more calls at once than the server takes) comes again on a
connection that is there. Aims: every unit is sold, every call has an answer, and no connection is lost
(row 27 of docs/flash-sale-faults.md).
"""

import time

from benchmarks.loadgen.journal import percentiles
from benchmarks.loadgen.plan import Closed
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import heading, number, ranged, table
from benchmarks.selling.ground import ground
from benchmarks.selling.offers import offer, wishes
from benchmarks.selling.report import size_asked
from benchmarks.selling.sale import Run, Seller, seller

BUYERS, STOCK = 2_000, 500
CONNECTIONS_ALLOWED = 4_000
TURNED_AWAY = frozenset({"THROTTLED", "OVERLOADED"})
ANSWERS = frozenset({"", "SOLD_OUT", *TURNED_AWAY})
"""Reasons of the calls that were answered; of a sale there is none."""
MOST_TRIES = 50


def main() -> None:
    size = size_asked(__doc__)
    heading(f"{BUYERS:,} connections in one instant, for {STOCK:,} units")
    runs = []
    turned = []
    with ground() as own, Load() as load, seller(own, load, max_connections=CONNECTIONS_ALLOWED) as shop:
        for _ in range(size.rounds):
            first, away = _storm(shop, size.part)
            runs.append(first)
            turned.append(away)
            shop.check()
    every = [percentiles(list(run.journal)) for run in runs]
    table(
        ["", "median (range)"],
        [
            ["turned away at first", ranged(Spread.of(turned))],
            ["first answer of all, seconds", ranged(Spread.of([run.journal.seconds for run in runs]))],
            *(
                [f"{name} ms", number(Spread.of([one[place] * 1e3 for one in every]).median)]
                for place, name in enumerate(("p50", "p99", "p99.9"))
            ),
        ],
    )


def _storm(shop: Seller, part: int) -> tuple[Run, int]:
    buyers, stock = BUYERS // part, STOCK // part
    wanted = wishes(offer(shop.server.address, stock), buyers)
    first = shop.sell(wanted, Closed(buyers), connections=buyers, at_once=True)
    if first.journal.connections_lost:
        raise AssertionError(f"{first.journal.connections_lost} connections were lost: the run is void")
    if unanswered := {answer.status.reason for answer in first.journal} - ANSWERS:
        raise AssertionError(f"some calls ended with {unanswered}: the run is void")
    sold, run, away = len(first.sold), first, _turned_away(first)
    waiting = [wanted[number] for number in away]
    for _ in range(MOST_TRIES):
        if not waiting:
            break
        time.sleep(0.05)
        run = shop.sell(waiting)
        sold += len(run.sold)
        waiting = [waiting[number] for number in _turned_away(run)]
    if sold != stock or waiting:
        raise AssertionError(f"{sold} sold of {stock}, {len(waiting)} never got in: the run is void")
    return first, len(away)


def _turned_away(run: Run) -> list[int]:
    return [answer.number for answer in run.journal if answer.status.reason in TURNED_AWAY]


if __name__ == "__main__":
    main()
