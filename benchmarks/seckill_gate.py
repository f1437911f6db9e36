"""What does the gate of a flash sale cost: the caller, Redis, and in memory?

    python -m benchmarks.seckill_gate [--quick]

One caller at a time shows a single claim, 64 at once claims that share a script. Refusals are counted with
the flag and without. Aims: a full batch keeps Redis for less than a millisecond, for nobody else is served
meanwhile; a refusal under the flag costs less than 10 us.
"""

import argparse
import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import redis.asyncio
import uvloop

from benchmarks.measuring.cpu import cpu_seconds
from benchmarks.measuring.limits import private_redis
from benchmarks.measuring.rounds import ROUNDS, Contender, Rounds, Sample, Spread, interleaved, spread
from benchmarks.measuring.table import at_most, heading, number, ranged, table
from domain.seckill.gate import Answer, Claim, OrderFact, Verdict
from servers.seckill.gate.gate import Gate
from servers.seckill.gate.keys import gate_keys
from servers.seckill.gate.things import BATCH, MOST_THINGS, NOBODY, claiming, dropping, settling
from tests.gate.ledger import Ledger, a_gate, a_shape
from tests.servers import Redis

IN_FLIGHT = 64
MOST_SCRIPT_US = 1_000.0
MOST_REFUSAL_US = 10.0
STOCK = 1_000_000
MEMBER_LIMIT = 100
SETTLED, FLAGGED, UNFLAGGED = "claimed and settled", "refused, under the flag", "refused, without"

Ask = Callable[[Gate, Claim], Awaitable[Answer]]


@dataclass(frozen=True)
class Size:
    """How much is asked."""

    rounds: int
    calls: int
    batches: int
    records: int


FULL = Size(rounds=ROUNDS, calls=20_000, batches=500, records=100_000)
QUICK = Size(rounds=1, calls=2_000, batches=50, records=10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few calls, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading("The gate of a flash sale")
    with private_redis() as server:
        _report_claims(interleaved(_contenders(server, size.calls), size.rounds))
        _report_scripts(
            uvloop.run(_script_times(server, size.batches)), uvloop.run(_memory(server, size.records))
        )


def _contenders(server: Redis, calls: int) -> Mapping[str, Contender]:
    def contender(what: Ask, stock: int, at_once: int, verdict: Verdict) -> Contender:
        return lambda: uvloop.run(_driven(server, what, stock, calls, at_once, verdict))

    return {
        f"{SETTLED}, one caller": contender(_claim_and_settle, STOCK, 1, Verdict.CLAIMED),
        f"{SETTLED}, {IN_FLIGHT} callers": contender(_claim_and_settle, STOCK, IN_FLIGHT, Verdict.CLAIMED),
        f"{UNFLAGGED}, {IN_FLIGHT} callers": contender(
            _claim_of_one_more, STOCK, IN_FLIGHT, Verdict.MEMBER_LIMIT
        ),
        f"{FLAGGED}, {IN_FLIGHT} callers": contender(_claim, 1, IN_FLIGHT, Verdict.SOLD_OUT),
    }


async def _claim(gate: Gate, claim: Claim) -> Answer:
    return await gate.claim("a", claim)


async def _claim_and_settle(gate: Gate, claim: Claim) -> Answer:
    answer = await gate.claim("a", claim)
    gate.settle("a", [OrderFact(claim.member_id, claim.request_id, claim.units, answer.tranche)])
    return answer


async def _claim_of_one_more(gate: Gate, claim: Claim) -> Answer:
    # More than anybody may have: refused by the gate, and never flagged.
    return await gate.claim("a", claim._replace(units=MEMBER_LIMIT + 1))


async def _driven(server: Redis, ask: Ask, stock: int, calls: int, at_once: int, verdict: Verdict) -> Sample:
    ledger = Ledger(a=a_shape(stock, member_limit=MEMBER_LIMIT))
    async with a_gate(server.url, ledger) as gate, redis.asyncio.from_url(server.url) as client:
        await client.flushall()
        await gate.load("a")
        if verdict is Verdict.SOLD_OUT:
            await _sell_out(gate)
        claims = iter([Claim(f"member-{number}", uuid.uuid4().hex, 1, 0) for number in range(calls)])

        async def caller() -> int:
            return sum([(await ask(gate, claim)).verdict is verdict for claim in claims])

        own_before, redis_before = time.process_time(), cpu_seconds(server.pid)
        began = time.perf_counter()
        fitting = sum(await asyncio.gather(*(caller() for _ in range(at_once))))
        seconds = time.perf_counter() - began
        sample = Sample(
            calls, seconds, time.process_time() - own_before, cpu_seconds(server.pid) - redis_before
        )
        if fitting < calls - calls // 1_000:
            raise AssertionError(f"{fitting} of {calls} were answered {verdict.name}: the run is void")
        return sample


async def _sell_out(gate: Gate) -> None:
    await gate.claim("a", Claim("first", "r", 1, 0))
    while not gate.is_sold_out("a", Claim("late", "r", 1, 0)):
        await gate.claim("a", Claim("late", "r", 1, 0))
        await asyncio.sleep(0.01)


async def _script_times(server: Redis, batches: int) -> Mapping[str, float]:
    """Us that one script of MOST_THINGS keeps Redis, by what it does."""
    ledger = Ledger(a=a_shape(STOCK))
    times = {}
    async with a_gate(server.url, ledger) as gate, redis.asyncio.from_url(server.url) as client:
        await client.flushall()
        await gate.load("a")
        ids = [
            [(f"member-{number}-{at}", uuid.uuid4().hex) for at in range(MOST_THINGS)]
            for number in range(batches)
        ]
        making: Mapping[str, Callable[[str, str], bytes]] = {
            "claims": lambda member, request: claiming(Claim(member, request, 1, 0)),
            "repeats": lambda member, request: claiming(Claim(member, request, 1, 0)),
            "settles": lambda member, request: settling(OrderFact(member, request, 1, 1)),
            "refusals": lambda member, request: claiming(Claim(member, request + "x", MEMBER_LIMIT + 1, 0)),
            "drops": dropping,
        }
        for name, make in making.items():
            before = cpu_seconds(server.pid)
            for batch in ids:
                await BATCH.run(client, gate_keys("a"), [b"0", NOBODY, *(make(*one) for one in batch)])
            times[name] = (cpu_seconds(server.pid) - before) / batches * 1e6
    return times


async def _memory(server: Redis, records: int) -> float:
    """Bytes of Redis for each order, its member and its part of the filter included."""
    ledger = Ledger(a=a_shape(records))
    ledger.orders["a"] = {
        key: OrderFact(*key, 1, 1) for key in ((uuid.uuid4().hex, uuid.uuid4().hex) for _ in range(records))
    }
    async with a_gate(server.url, ledger) as gate, redis.asyncio.from_url(server.url) as client:
        await client.flushall()
        before = await client.info("memory")
        if not await gate.load("a"):
            raise AssertionError("the gate was not loaded: the run is void")
        after = await client.info("memory")
        return (int(after["used_memory"]) - int(before["used_memory"])) / records


def _report_claims(rounds: Rounds) -> None:
    rows = []
    for name, samples in rounds.items():
        own = spread(samples, lambda sample: sample.cpu_us)
        rows.append(
            [
                name,
                ranged(spread(samples, lambda sample: 1e6 / sample.rate)),
                number(own.median),
                number(spread(samples, lambda sample: sample.database_us).median),
                at_most(own, MOST_REFUSAL_US) if name.startswith(FLAGGED) else "",
            ]
        )
    table(["", "us/claim (range)", "own CPU us", "Redis CPU us", "aim"], rows)


def _report_scripts(times: Mapping[str, float], bytes_each: float) -> None:
    rows = [
        [f"{MOST_THINGS} {name}", number(time), at_most(Spread(time, time, time), MOST_SCRIPT_US)]
        for name, time in times.items()
    ]
    table(["one script", "us", "aim"], rows)
    table(["memory", "bytes"], [["an order, its member and filter", number(bytes_each)]])


if __name__ == "__main__":
    main()
