"""How long does a buyer wait, when the sale is half as busy as it could be?

    python -m benchmarks.seckill_waiting [--quick]

What Nectary can do is measured first, in a closed loop: successes a second, where everybody gets a unit, and
refusals a second, where all is sold. Then calls come at half of that, each at its own time whether the server
keeps up or not, and a latency counts from when the call was due. A bare echo gets the same calls at the same
times. Aims: success p50 at most 4 times and p99 at most 5 times those of the echo, refusal p99 1.5 times.
"""

from collections.abc import Callable

from benchmarks.loadgen.journal import percentiles
from benchmarks.loadgen.plan import Open, Plan
from benchmarks.measuring.children import Child, child
from benchmarks.measuring.echo import path_of
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import at_most, heading, number, ranged, table
from benchmarks.selling.ground import Ground, ground
from benchmarks.selling.offers import calls, offer, wishes
from benchmarks.selling.report import Runs, cost_table, interleaved, latency_table, rate, size_asked
from benchmarks.selling.sale import CONNECTIONS, Run, Seller, driven, seller

CALLS = 10_000
SHARE = 0.5
SOLD, REFUSED = "sold", "refused"
AIMS = {(SOLD, "p50"): 4.0, (SOLD, "p99"): 5.0, (REFUSED, "p99"): 1.5}


def main() -> None:
    size = size_asked(__doc__)
    heading("Open loop at half of what Nectary can do, beside a bare echo at the same rate")
    count = CALLS // size.part
    with (
        ground() as own,
        Load() as load,
        seller(own, load) as shop,
        child("benchmarks.measuring.echo") as echo,
    ):
        empty = offer(shop.server.address, 1)
        shop.sell(wishes(empty, 10))
        rates = {
            SOLD: SHARE * rate(shop.sell(wishes(offer(shop.server.address, count), count))),
            REFUSED: SHARE * rate(shop.sell(wishes(empty, count))),
        }
        contenders: dict[str, Callable[[], Run]] = {
            SOLD: lambda: _sold(shop, count, rates[SOLD]),
            _beside(SOLD): lambda: _echoed(own, load, echo, count, rates[SOLD]),
            REFUSED: lambda: _refused(shop, empty, count, rates[REFUSED]),
            _beside(REFUSED): lambda: _echoed(own, load, echo, count, rates[REFUSED]),
        }
        runs = interleaved(contenders, size.rounds)
        shop.check()
    _report(runs, rates)


def _beside(kind: str) -> str:
    return f"echo at the rate of {kind}"


def _sold(shop: Seller, count: int, per_second: float) -> Run:
    run = shop.sell(wishes(offer(shop.server.address, count), count), Open(per_second))
    if len(run.sold) != count:
        raise AssertionError(f"{len(run.sold)} sold of {count}: the run is void")
    return run


def _refused(shop: Seller, empty: str, count: int, per_second: float) -> Run:
    run = shop.sell(wishes(empty, count), Open(per_second))
    if len(run.journal.refusals("SOLD_OUT")) != count:
        raise AssertionError(f"not all refused: {run.journal.counts()}")
    return run


def _echoed(where: Ground, load: Load, echo: Child, count: int, per_second: float) -> Run:
    requests = calls(wishes("a_benchmark", count), path_of("ReserveUnit"))
    return driven(where, load, echo, Plan(echo.address, requests, Open(per_second), CONNECTIONS))


def _report(runs: Runs, rates: dict[str, float]) -> None:
    cost_table(runs)
    latency_table(runs, {"all": lambda run: list(run.journal)})
    rows = []
    for (kind, which), aim in AIMS.items():
        pairs = zip(runs[kind], runs[_beside(kind)], strict=True)
        against = Spread.of([_wait(one, which) / _wait(other, which) for one, other in pairs])
        rows.append([f"{kind}, {which}, at {number(rates[kind])}/s", ranged(against), at_most(against, aim)])
    table(["against echo", "median (range)", "aim"], rows)


def _wait(run: Run, which: str) -> float:
    return float(getattr(percentiles(list(run.journal)), which))


if __name__ == "__main__":
    main()
