"""Does one member who asks 20,000 times keep anybody else from buying?

    python -m benchmarks.seckill_greedy [--quick]

One member sends 20,000 requests, each with an id of its own or all with the same, among those of 1,000 others
for 1,001 units. 256 calls are under way at any time. With Risk on its shipped limit stops him at 3,000
a minute; with Risk off the sale alone must hold. Aim: every honest member buys, and he one unit.
"""

import random
from collections.abc import Callable

from benchmarks.loadgen.journal import percentiles
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import heading, number, ranged, table
from benchmarks.selling.ground import ground
from benchmarks.selling.offers import Wish, new_id, offer, wishes
from benchmarks.selling.report import cost_table, interleaved, size_asked
from benchmarks.selling.sale import Run, Seller, seller

HONEST, TRIES = 1_000, 20_000
SEED = 20261122


def main() -> None:
    size = size_asked(__doc__)
    heading(f"One member asks {TRIES:,} times beside {HONEST:,} honest ones")
    with ground() as own, Load() as load, seller(own, load) as judged, seller(own, load, risk="off") as free:
        contenders = {
            "each a new request": _sale(judged, TRIES // size.part, repeated=False),
            "one request repeated": _sale(judged, TRIES // size.part, repeated=True),
            "each a new request, Risk off": _sale(free, TRIES // size.part, repeated=False),
            "one request repeated, Risk off": _sale(free, TRIES // size.part, repeated=True),
        }
        runs = interleaved(contenders, size.rounds)
    cost_table(runs)
    rows = []
    for name, mine in runs.items():
        waits = [percentiles(run.sold) for run in mine]
        bought = ranged(Spread.of([len({answer.message for answer in run.sold}) for run in mine]))
        p50, p99 = (number(Spread.of([one[place] * 1e3 for one in waits]).median) for place in (0, 1))
        rows.append([name, bought, p50, p99])
    table(["", f"units sold of {HONEST + 1:,}", "success p50 ms", "p99 ms"], rows)
    print("every honest member bought, in every round")


def _sale(shop: Seller, tries: int, *, repeated: bool) -> Callable[[], Run]:
    def run() -> Run:
        activity = offer(shop.server.address, HONEST + 1)
        honest = wishes(activity, HONEST)
        greedy = [Wish(activity, new_id("greedy"), "r0")] * tries
        if not repeated:
            greedy = [wish._replace(request=f"r{number}") for number, wish in enumerate(greedy)]
        wanted = [*honest, *greedy]
        random.Random(SEED).shuffle(wanted)
        sold = shop.sell(wanted)
        shop.check()
        bought = {wanted[answer.number].member for answer in sold.sold}
        if not {wish.member for wish in honest} <= bought:
            raise AssertionError(f"{HONEST + 1 - len(bought)} honest members did not buy: the run is void")
        return sold

    return run


if __name__ == "__main__":
    main()
