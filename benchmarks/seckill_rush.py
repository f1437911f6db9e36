"""What does a refusal cost, when 100,000 members want 1,000 units?

    python -m benchmarks.seckill_rush [--quick]

256 calls are under way at any time, with the whole chain of interceptors and all jobs, on a MariaDB that
syncs every commit and on Redis; a bare echo of the same request answers as many on the same transport, and so
does Seckill with Risk off, which shows what it costs to be judged. Risk's service, which reads the log of all
decisions, is in another process, as in production. Then 20,000 more members ask for what is sold out, and the
statements that MariaDB got meanwhile are held against those of an idle time of the same length; with Risk on
they are the log's, which stores a sample of at most 200 calls a second. Aims: at least 0.85 of the echo's
rate, and no SQL for a refusal.
"""

import time

from benchmarks.loadgen.plan import Closed, Plan
from benchmarks.measuring.children import Child, child
from benchmarks.measuring.echo import path_of
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import at_least, at_most, heading, ranged
from benchmarks.selling.ground import Ground, ground
from benchmarks.selling.offers import calls, offer, wishes
from benchmarks.selling.report import (
    cost_table,
    interleaved,
    latency_table,
    rate,
    ratio,
    size_asked,
)
from benchmarks.selling.sale import CONNECTIONS, IN_FLIGHT, Run, Seller, driven, seller

MEMBERS, STOCK, LATE = 100_000, 1_000, 20_000
NECTARY, FREE, ECHO = "Nectary", "Nectary, Risk off", "bare echo"
AIM_RATE, AIM_STATEMENTS = 0.85, 0.01


def main() -> None:
    size = size_asked(__doc__)
    members = MEMBERS // size.part
    heading(f"{members:,} members for {STOCK:,} units, beside a bare echo")
    statements: dict[str, list[float]] = {NECTARY: [], FREE: []}
    with (
        ground() as own,
        Load() as load,
        seller(own, load) as judged,
        seller(own, load, risk="off") as free,
        child("benchmarks.measuring.echo") as echo,
    ):

        def sale(name: str, shop: Seller) -> Run:
            activity = offer(shop.server.address, STOCK)
            run = shop.sell(wishes(activity, members))
            if len(run.sold) != STOCK:
                raise AssertionError(f"{len(run.sold)} sold of {STOCK}: the run is void")
            statements[name].append(_statements(own, shop, activity, LATE // size.part))
            shop.check()
            return run

        contenders = {
            ECHO: lambda: echoed(own, load, echo, members),
            NECTARY: lambda: sale(NECTARY, judged),
            FREE: lambda: sale(FREE, free),
        }
        runs = interleaved(contenders, size.rounds)
    cost_table(runs)
    refused = {"sold": lambda run: run.sold, "refused": lambda run: run.journal.refusals("SOLD_OUT")}
    latency_table({NECTARY: runs[NECTARY], FREE: runs[FREE]}, refused)
    latency_table({ECHO: runs[ECHO]}, {"echoed": lambda run: run.sold})
    for name in (NECTARY, FREE):
        against = ratio(runs[name], runs[ECHO], rate)
        print(f"{name}: answers against echo {ranged(against)}; {at_least(against, AIM_RATE)}")
    for name, counted in statements.items():
        sql = Spread.of(counted[-size.rounds :])
        told = f"; {at_most(sql, AIM_STATEMENTS)}" if name == FREE else ", those of the decision log"
        print(f"{name}: SQL statements of a refusal: {ranged(sql)}{told}")


def echoed(where: Ground, load: Load, echo: Child, count: int) -> Run:
    """As many calls of the same size at the bare echo."""
    requests = calls(wishes("a_benchmark", count), path_of("ReserveUnit"))
    run = driven(where, load, echo, Plan(echo.address, requests, Closed(IN_FLIGHT), CONNECTIONS))
    if len(run.sold) != count:
        raise AssertionError(f"the echo answered {run.journal.counts()}: the run is void")
    return run


def _statements(own: Ground, shop: Seller, activity: str, late: int) -> float:
    """Of one refusal, beyond what the jobs do anyway."""
    own.settle()
    refusing = shop.sell(wishes(activity, late))
    if len(refusing.journal.refusals("SOLD_OUT")) != late:
        raise AssertionError(f"not all refused: {refusing.journal.counts()}")
    before = own.meter()
    time.sleep(refusing.journal.seconds)
    idle = own.meter().since(before).statements
    return max(0, refusing.stores.statements - idle) / late


if __name__ == "__main__":
    main()
