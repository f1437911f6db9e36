"""Does an answer ever reach the wrong caller, or memory grow, when callers give up in the middle?

    python -m benchmarks.seckill_deadlines [--quick]

100,000 members want 50,000 units; every tenth gives up after 1 to 20 ms, on connections that the others go on
using, with 256 calls under way at any time. Every answer is held against the request that it answers, every
call that was given up is asked about afterwards, and the checker looks at all of it. Memory is that of the
server after 200,000 such calls, when all that it remembers of members is as full as it may get, and after
100,000 more. Aims: no answer to the wrong caller, and memory at most 5 % more (row 24 of
docs/flash-sale-faults.md).
"""

import random
import re
from pathlib import Path

from benchmarks.loadgen.plan import Call
from benchmarks.loadgen.status import OK
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import at_most, heading, number, table
from benchmarks.selling.ground import ground
from benchmarks.selling.offers import calls, offer, wishes
from benchmarks.selling.report import size_asked
from benchmarks.selling.sale import Run, Seller, seller
from nectary.seckill.v1 import seckill_service_pb2 as pb

WARM, CALLS = 200_000, 100_000
HASTY = 10
"""One of so many gives up soon."""
SHORT_MS = (1, 20)
AIM = 1.05
SEED = 20261122


def main() -> None:
    size = size_asked(__doc__)
    count = CALLS // size.part
    heading(f"{count:,} calls, every tenth of which is given up after 1 to 20 ms")
    with ground() as own, Load() as load, seller(own, load) as shop:
        _storm(shop, WARM // size.part)
        before = resident_bytes(shop.server.pid)
        run = _storm(shop, count)
        after = resident_bytes(shop.server.pid)
        shop.check()
    rows = [
        [f"{status.code} {status.reason}".strip(), f"{times:,}"]
        for status, times in run.journal.counts().items()
    ]
    table(["ended with", "calls"], sorted(rows))
    print(f"answers that came too late, and went to nobody: {run.journal.unasked:,} frames")
    print(
        f"memory {number(before / 2**20)} MiB, then {number(after / 2**20)} MiB: "
        f"{at_most(Spread.of([after / before]), AIM)}"
    )


def _storm(shop: Seller, count: int) -> Run:
    lots = random.Random(SEED)
    wanted = wishes(offer(shop.server.address, count // 2), count)
    given = [
        Call(call.path, call.message, lots.uniform(*SHORT_MS) / 1000) if not number % HASTY else call
        for number, call in enumerate(calls(wanted))
    ]
    run = shop.sell(wanted, given=given)
    for wish, answer in zip(wanted, run.journal, strict=True):
        if answer.status == OK:
            got = pb.ReserveUnitResponse.FromString(answer.message).reservation
            if (got.activity_id, got.member_id) != (wish.activity, wish.member):
                raise AssertionError(f"{wish.member} got the answer of {got.member_id}: the run is void")
    return run


def resident_bytes(pid: int) -> int:
    """What of a process lies in memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found, "Linux says VmRSS"
    return int(found.group(1)) * 1024


if __name__ == "__main__":
    main()
