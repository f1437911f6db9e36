"""How many recorded decisions a second are stored, and looked at by the detector, on one core?

    python -m benchmarks.risk_detection [--quick]

Half of the decisions are refusals of 5,000 members, on 3,000 devices and 200 addresses, with evidence as
four limits leave it; the strict run lists every one of the members. Storing is the way from the Redis
stream into the table; looking, from the table through the detector, with the listings that follow. Aim:
20,000 a second each.
"""

import argparse
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import redis.asyncio
import uvloop

from benchmarks.measuring.durable import durable_mariadb
from benchmarks.measuring.limits import private_redis
from benchmarks.measuring.rounds import Sample, Spread
from benchmarks.measuring.table import at_least, heading, number, table
from domain.risk.ports import Doing
from domain.risk.rules import Limit, Rule, RuleSet, StrikePolicy
from domain.risk.subjects import SubjectKind
from servers.mesh.clock import SystemClock
from servers.mesh.judging.outlet import BATCH, Line
from servers.mesh.judging.record import DecisionRecord, plain_json, to_line
from servers.mesh.judging.shipped import SHIPPED
from servers.mesh.judging.stream_sink import StreamSink
from servers.mesh.logs import configure_logs
from servers.risk.detector import Detector
from servers.risk.intake import BLOCK_MS, decision_intake
from servers.risk.sql.rules import SqlRules
from servers.risk.sql.tables import common
from servers.store.config import StoreConfig
from servers.store.leases import Lease, acquire
from servers.store.migrations import migrate
from servers.store.store import Store

DECISIONS, FEW_DECISIONS = 60_000, 4_000
AIM = 20_000
PACE = Rule("pace", "Purchases", "fraud team", Limit((SubjectKind.MEMBER,), 100, 60_000), version=1)
STRICT = replace(PACE, strikes=StrikePolicy(600_000, suspect_after=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few decisions: does it run at all")
    count = FEW_DECISIONS if parser.parse_args().quick else DECISIONS
    configure_logs("error")
    heading(f"{count:,} decisions into the table, and past the detector")
    rows = []
    for engine in (_sqlite, _mariadb):
        for name, rule in (("nobody is listed", PACE), ("5,000 are listed", STRICT)):
            with engine() as url:
                stored, looked = uvloop.run(_run(url, rule, count))
            kind = "SQLite" if url.startswith("sqlite") else "MariaDB"
            rows += [_row(f"{kind}: stored", stored), _row(f"{kind}: looked at, {name}", looked)]
    table(["", "decisions/s", "CPU us each", "aim"], rows)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'risk.db'}"


@contextmanager
def _mariadb() -> Iterator[str]:
    server = durable_mariadb().start()
    try:
        yield server.create_database("risk")
    finally:
        server.discard()


async def _run(url: str, rule: Rule, count: int) -> tuple[Sample, Sample]:
    migrate(url)
    clock, store = SystemClock(), Store(StoreConfig(url))
    now = clock.now()
    rules = RuleSet(1, (rule, *SHIPPED.rules))
    await store.transact(lambda connection: SqlRules(connection).add(rules, Doing("bench", now)))
    lease = await store.transact(acquire, common.lease, "bench", "me", now=now, until=now + 10**12)
    assert lease is not None
    with private_redis() as server:
        async with redis.asyncio.from_url(server.url) as client:
            await _record(StreamSink(client, clock), now, count)
            stored = await _timed(lambda: _store(store, client, clock, lease), count)
    detector = Detector(store, clock)
    looked = await _timed(lambda: detector.catch_up(lease), count)
    await store.close()
    # It ends with a read that waits for more.
    return replace(stored, seconds=stored.seconds - BLOCK_MS / 1000), looked


async def _store(store: Store, client: "redis.asyncio.Redis", clock: SystemClock, lease: Lease) -> None:
    intake = decision_intake(store, client, clock)
    await intake.consume_pending(lease)
    while await intake.consume_new(lease):
        pass


async def _timed(work: Callable[[], Awaitable[None]], count: int) -> Sample:
    began, cpu_began = time.perf_counter(), time.process_time()
    await work()
    return Sample(count, time.perf_counter() - began, time.process_time() - cpu_began)


async def _record(sink: StreamSink, now: int, count: int) -> None:
    lines: Sequence[Line] = [_line(number, now) for number in range(count)]
    for start in range(0, count, BATCH):
        if await sink.write(lines[start : start + BATCH]):
            raise AssertionError("the stream is full: the run is void")


def _line(number: int, now: int) -> Line:
    is_refused = number % 2 == 1
    limits = ("address_calls", "device_calls", "member_calls", "pace")
    counts = [
        {
            "rule_id": name,
            "key": f"m-{number % 5_000}",
            "units": 100,
            "window_ms": 60_000,
            "used": 100,
            "wait_ms": 9,
        }
        for name in limits
    ]
    record = DecisionRecord(
        decision_id=f"0123456789abcdef-{number:x}",
        time=now + number,
        method="/nectary.identity.v1.IdentityService/CreateOrder",
        scene="identity.purchase",
        caller="spiffe://mesh.example/gateway/app",
        role="gateway",
        cost=5,
        subjects=(
            ("MEMBER", f"m-{number % 5_000}"),
            ("DEVICE", f"d-{number % 3_000}"),
            ("ADDRESS", f"192.0.2.{number % 200}"),
        ),
        authenticated=("ADDRESS", "MEMBER"),
        outcome="THROTTLE" if is_refused else "ALLOW",
        reason="THROTTLED" if is_refused else "",
        rule_id="pace" if is_refused else "",
        rule_version=int(is_refused),
        revision=1,
        would=(),
        evidence={
            "at": now + number,
            "revision": 1,
            "counts": counts,
            "conditions": {"address_calls": "TRUE"},
        },
        latency_us=120,
        sampled=False,
    )
    return Line(to_line(record, plain_json(record.evidence)), must_be_kept=True)


def _row(name: str, sample: Sample) -> list[str]:
    rate = sample.rate
    return [name, number(rate), number(sample.cpu_us), at_least(Spread(rate, rate, rate), AIM)]


if __name__ == "__main__":
    main()
