"""Do sales that run side by side cost each other anything?

    python -m benchmarks.seckill_many [--quick]

Ten activities of 1,000 units and 2,000 wishes each, mixed; and one hot activity with 10,000 wishes for 1,000
units among 99 cold ones with 10 wishes for 10 units each. A bare echo answers as many on the same transport,
and the same number of wishes spread evenly over 100 activities shows what the cold ones would wait without
the hot one. 256 calls are under way at any time. Aims: at least 0.8 of the echo's rate, and the p99 of the
cold ones' successes as if there were no hot one.
"""

import random
from collections.abc import Callable

from benchmarks.loadgen.journal import percentiles
from benchmarks.measuring.children import child
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import at_least, at_most, heading, ranged, table
from benchmarks.seckill_rush import echoed
from benchmarks.selling.ground import ground
from benchmarks.selling.offers import Wish, offer, wishes
from benchmarks.selling.report import cost_table, interleaved, rate, ratio, size_asked
from benchmarks.selling.sale import Run, Seller, seller

TEN, STOCK, EACH = 10, 1_000, 2_000
COLD, COLD_STOCK, HOT = 99, 10, 10_000
ECHO, MANY, ZIPF, EVEN = "bare echo", "10 side by side", "1 hot, 99 cold", "100 alike"
AIM, AIM_P99 = 0.8, 1.1
"""Unchanged is within a tenth: less cannot be told apart from noise."""
SEED = 20261122


def main() -> None:
    size = size_asked(__doc__)
    heading("Ten sales side by side, and one hot among ninety-nine cold")
    cold_waits: list[float] = []
    with (
        ground() as own,
        Load() as load,
        seller(own, load) as shop,
        child("benchmarks.measuring.echo") as echo,
    ):
        contenders: dict[str, Callable[[], Run]] = {
            ECHO: lambda: echoed(own, load, echo, TEN * EACH // size.part),
            MANY: lambda: _ten(shop, size.part),
            ZIPF: lambda: _hot_and_cold(shop, size.part, cold_waits),
            EVEN: lambda: _alike(shop, size.part),
        }
        runs = interleaved(contenders, size.rounds)
    cost_table(runs)
    rows = []
    for name in (MANY, ZIPF, EVEN):
        against = ratio(runs[name], runs[ECHO], rate)
        rows.append([name, ranged(against), at_least(against, AIM)])
    table(["", "rate against echo", "aim"], rows)
    even = [percentiles(run.sold).p99 for run in runs[EVEN]]
    cold, alike = (
        Spread.of([each * 1e3 for each in seconds]) for seconds in (cold_waits[-size.rounds :], even)
    )
    against = Spread.of([one / other for one, other in zip(cold_waits[-size.rounds :], even, strict=True)])
    print(f"success p99 in ms: cold ones beside a hot one {ranged(cold)}, all alike {ranged(alike)}")
    print(f"against each other {ranged(against)}; {at_most(against, AIM_P99)}")


def _ten(shop: Seller, part: int) -> Run:
    activities = [offer(shop.server.address, STOCK // part) for _ in range(TEN)]
    wanted = [wish for activity in activities for wish in wishes(activity, EACH // part)]
    return _sold(shop, wanted, dict.fromkeys(activities, STOCK // part))


def _hot_and_cold(shop: Seller, part: int, cold_waits: list[float]) -> Run:
    """Notes the p99 of the cold ones' successes."""
    cold = [offer(shop.server.address, COLD_STOCK) for _ in range(COLD)]
    hot = offer(shop.server.address, STOCK // part)
    wanted = [wish for activity in cold for wish in wishes(activity, COLD_STOCK)] + wishes(hot, HOT // part)
    run = _sold(shop, wanted, dict.fromkeys(cold, COLD_STOCK) | {hot: STOCK // part})
    cold_waits.append(percentiles([one for one in run.sold if wanted[one.number].activity != hot]).p99)
    return run


def _alike(shop: Seller, part: int) -> Run:
    stock = STOCK // part // COLD + COLD_STOCK
    activities = [offer(shop.server.address, stock) for _ in range(COLD + 1)]
    each = HOT // part // COLD + COLD_STOCK
    wanted = [wish for activity in activities for wish in wishes(activity, each)]
    return _sold(shop, wanted, dict.fromkeys(activities, stock))


def _sold(shop: Seller, wanted: list[Wish], stocks: dict[str, int]) -> Run:
    random.Random(SEED).shuffle(wanted)
    run = shop.sell(wanted)
    shop.check()
    if len(run.sold) != sum(stocks.values()):
        raise AssertionError(f"{len(run.sold)} sold of {sum(stocks.values())}: the run is void")
    return run


if __name__ == "__main__":
    main()
