"""What does one decision before four limits cost, next to the same limits with the `limits` library?

    python -m benchmarks.limiter_decisions [--quick]

Both ask the same private Redis; `limits` uses its moving window, one script a limit. One caller at a time
shows the way of a single call, 64 at once what callers who share a process cost. The CPU time of Redis
says how many decisions one of its cores makes. Aims: less time a decision than `limits`, and 20,000 decisions
a second of one Redis core.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import uvloop
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from benchmarks.measuring.cpu import cpu_seconds
from benchmarks.measuring.limits import FOUR, charges, limiter, private_redis
from benchmarks.measuring.rounds import ROUNDS, Contender, Rounds, Sample, interleaved, ratios, spread
from benchmarks.measuring.table import at_least, at_most, heading, number, ranged, table
from tests.servers import Redis

IN_FLIGHT = 64
MEMBERS = 1_000
DECISIONS_A_CORE = 20_000

Decide = Callable[[str], Awaitable[bool]]
"""Whether a call about a member is admitted."""


@dataclass(frozen=True)
class Size:
    """How much is asked in a round."""

    rounds: int
    calls: int


FULL = Size(rounds=ROUNDS, calls=8_000)
QUICK = Size(rounds=1, calls=1_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few calls, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading("One decision before four limits")
    with private_redis() as redis:
        rounds = interleaved(_contenders(redis, size), size.rounds)
    _report(rounds)


def _contenders(redis: Redis, size: Size) -> Mapping[str, Contender]:
    def ours(at_once: int) -> Contender:
        return lambda: uvloop.run(_ours(redis, size.calls, at_once))

    def theirs(at_once: int) -> Contender:
        return lambda: uvloop.run(_theirs(redis, size.calls, at_once))

    return {
        "limits, one caller": theirs(1),
        "Nectary, one caller": ours(1),
        f"limits, {IN_FLIGHT} callers": theirs(IN_FLIGHT),
        f"Nectary, {IN_FLIGHT} callers": ours(IN_FLIGHT),
    }


async def _ours(redis: Redis, calls: int, at_once: int) -> Sample:
    async with limiter(redis.url) as (own, client):
        await client.flushall()
        # What was flushed is missed at once, and settled before the clock starts.
        await asyncio.sleep(0.5)

        async def decide(member: str) -> bool:
            return (await own.decide(charges(member), 1)).admitted

        return await _driven(redis, decide, calls, at_once)


async def _theirs(redis: Redis, calls: int, at_once: int) -> Sample:
    storage = RedisStorage(f"async+{redis.url}", implementation="redispy")
    await storage.reset()
    windows = MovingWindowRateLimiter(storage)
    items = [RateLimitItemPerSecond(limit.units, limit.window_ms // 1000) for limit in FOUR]

    async def decide(member: str) -> bool:
        return all([await windows.hit(item, member) for item in items])

    return await _driven(redis, decide, calls, at_once)


async def _driven(redis: Redis, decide: Decide, calls: int, at_once: int) -> Sample:
    numbers = iter(range(calls))

    async def caller() -> int:
        return sum([await decide(f"member {number % MEMBERS}") for number in numbers])

    await decide("somebody else")
    own_before, redis_before = time.process_time(), cpu_seconds(redis.pid)
    began = time.perf_counter()
    admitted = sum(await asyncio.gather(*(caller() for _ in range(at_once))))
    seconds = time.perf_counter() - began
    if admitted != calls:
        raise AssertionError(f"{admitted} of {calls} calls were admitted: the run is void")
    return Sample(calls, seconds, time.process_time() - own_before, cpu_seconds(redis.pid) - redis_before)


def _report(rounds: Rounds) -> None:
    rows = []
    for name, samples in rounds.items():
        ours, _, callers = name.partition(", ")
        against = ratios(samples, rounds[f"limits, {callers}"], lambda sample: 1 / sample.rate)
        core = spread(samples, lambda sample: 1e6 / sample.database_us)
        rows.append(
            [
                name,
                ranged(spread(samples, lambda sample: 1e6 / sample.rate)),
                number(spread(samples, lambda sample: sample.cpu_us).median),
                number(spread(samples, lambda sample: sample.database_us).median),
                number(core.median),
                at_least(core, DECISIONS_A_CORE) if name == f"Nectary, {IN_FLIGHT} callers" else "",
                ranged(against),
                at_most(against, 1) if ours == "Nectary" else "",
            ]
        )
    table(
        [
            "four limits", "us/decision (range)", "own CPU us", "Redis CPU us", "decisions/s of a Redis core",
            "aim", "time against limits (range)", "aim",
        ],
        rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
