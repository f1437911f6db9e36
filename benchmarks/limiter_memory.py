"""How much memory of Redis does one subject take under one limit?

    python -m benchmarks.limiter_memory [--quick]

The growth of the whole server over many subjects, names, dictionary and expiry included. Aims: at most
300 bytes for 60 buckets, at most 460 for the largest exact window.
"""

import argparse
import asyncio
from collections.abc import Mapping

import redis.asyncio
import uvloop

from benchmarks.measuring.limits import limiter, private_redis
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import at_most, heading, number, table
from domain.risk.limit import Limit
from servers.mesh.limiting.judgement import Charge

SUBJECTS = 100_000
FEW_SUBJECTS = 10_000
AT_ONCE = 500
CASES: Mapping[str, tuple[Limit, int, float | None]] = {
    "60 buckets": (Limit(1, "member", 1_000, 3_600_000, 60), 1, 300),
    "60 buckets, counts above 65,535": (Limit(2, "member", 1_000_000, 3_600_000, 60), 70_000, None),
    "20 buckets": (Limit(3, "member", 1_000, 3_600_000, 20), 1, None),
    "exact, 10 units, all used": (Limit(4, "member", 10, 3_600_000), 10, None),
    "exact, 64 units, all used": (Limit(5, "member", 64, 3_600_000), 64, 460),
}
"""By name: the limit, the units that each subject uses, and the aim in bytes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the subjects")
    subjects = FEW_SUBJECTS if parser.parse_args().quick else SUBJECTS
    heading(f"Memory of Redis for each of {subjects:,} subjects")
    rows = []
    for name, (limit, cost, aim) in CASES.items():
        size = uvloop.run(_bytes_each(limit, cost, subjects))
        kept = at_most(Spread(size, size, size), aim) if aim else ""
        rows.append([name, number(size), kept])
    table(["window", "bytes/subject", "aim"], rows)


async def _bytes_each(limit: Limit, cost: int, subjects: int) -> float:
    with private_redis() as server:
        async with limiter(server.url) as (own, _), redis.asyncio.from_url(server.url) as client:
            before = await _used(client)
            for first in range(0, subjects, AT_ONCE):
                members = range(first, min(first + AT_ONCE, subjects))
                judged = await asyncio.gather(
                    *(own.decide([Charge(limit, f"member {number}")], cost) for number in members)
                )
                if not all(one.admitted for one in judged):
                    raise AssertionError("a first call was refused: the run is void")
            return (await _used(client) - before) / subjects


async def _used(client: "redis.asyncio.Redis") -> int:
    found = await client.info("memory")
    return int(found["used_memory"])


if __name__ == "__main__":
    main()
