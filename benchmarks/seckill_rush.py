"""What does a refusal cost, when 100,000 members want 1,000 units?

    python -m benchmarks.seckill_rush [--quick]

256 calls are under way at any time, with the whole chain of interceptors and all jobs, on a MariaDB that
syncs every commit and on Redis; a bare echo of the same request answers as many on the same transport. Then
20,000 more members ask for what is sold out, and the statements that MariaDB got meanwhile are held against
those of an idle time of the same length. Aims: at least 0.85 of the echo's rate, and no SQL for a refusal.
"""

import time

from benchmarks.loadgen.plan import Closed, Plan
from benchmarks.measuring.children import Child, child
from benchmarks.measuring.echo import path_of
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import ROUNDS, Spread
from benchmarks.measuring.table import at_least, at_most, heading, ranged
from benchmarks.selling.ground import Ground, ground
from benchmarks.selling.offers import calls, offer, wishes
from benchmarks.selling.report import (
    cost_table,
    interleaved,
    latency_table,
    rate,
    ratio,
    rounds_asked,
)
from benchmarks.selling.sale import CONNECTIONS, IN_FLIGHT, Run, Seller, driven, seller

MEMBERS, STOCK, LATE = 100_000, 1_000, 20_000
QUICK = 10
"""So many times fewer members with --quick."""
NECTARY, ECHO = "Nectary", "bare echo"
AIM_RATE, AIM_STATEMENTS = 0.85, 0.01


def main() -> None:
    rounds = rounds_asked(__doc__)
    members = MEMBERS if rounds == ROUNDS else MEMBERS // QUICK
    heading(f"{members:,} members for {STOCK:,} units, beside a bare echo")
    statements: list[float] = []
    with (
        ground() as own,
        Load() as load,
        seller(own, load) as shop,
        child("benchmarks.measuring.echo") as echo,
    ):

        def sale() -> Run:
            activity = offer(shop.server.address, STOCK)
            run = shop.sell(wishes(activity, members))
            if len(run.sold) != STOCK:
                raise AssertionError(f"{len(run.sold)} sold of {STOCK}: the run is void")
            statements.append(_statements(own, shop, activity))
            shop.check()
            return run

        contenders = {ECHO: lambda: echoed(own, load, echo, members), NECTARY: sale}
        runs = interleaved(contenders, rounds)
    cost_table(runs)
    refused = {"sold": lambda run: run.sold, "refused": lambda run: run.journal.refusals("SOLD_OUT")}
    latency_table({NECTARY: runs[NECTARY]}, refused)
    latency_table({ECHO: runs[ECHO]}, {"echoed": lambda run: run.sold})
    against = ratio(runs[NECTARY], runs[ECHO], rate)
    print(f"answers against echo: {ranged(against)}; {at_least(against, AIM_RATE)}")
    sql = Spread.of(statements[1:])
    print(f"SQL statements of a refusal: {ranged(sql)}; {at_most(sql, AIM_STATEMENTS)}")


def echoed(where: Ground, load: Load, echo: Child, count: int) -> Run:
    """As many calls of the same size at the bare echo."""
    requests = calls(wishes("a_benchmark", count), path_of("ReserveUnit"))
    run = driven(where, load, echo, Plan(echo.address, requests, Closed(IN_FLIGHT), CONNECTIONS))
    if len(run.sold) != count:
        raise AssertionError(f"the echo answered {run.journal.counts()}: the run is void")
    return run


def _statements(own: Ground, shop: Seller, activity: str) -> float:
    """Of one refusal, beyond what the jobs do anyway."""
    refusing = shop.sell(wishes(activity, LATE))
    if len(refusing.journal.refusals("SOLD_OUT")) != LATE:
        raise AssertionError(f"not all refused: {refusing.journal.counts()}")
    before = own.meter()
    time.sleep(refusing.journal.seconds)
    idle = own.meter().since(before).statements
    return max(0, refusing.stores.statements - idle) / LATE


if __name__ == "__main__":
    main()
