"""One run: a server with Risk, an honest population and an attack on it at the same time."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import redis.asyncio

from domain.risk.ports import Doing
from domain.risk.rules import Limit, Rule, RuleSet, StrikePolicy
from domain.risk.subjects import SubjectKind
from servers.mesh.clock import SystemClock
from servers.mesh.judging.shipped import SHIPPED
from servers.mesh.wiring import SLICES
from servers.risk.sql.rules import SqlRules
from servers.store.config import StoreConfig
from servers.store.store import Store
from tests.migrated import have_tables
from tests.population.crowds import ATTACKER, UNITS, WINDOW_SECONDS, Count, hammering, honest, scanning
from tests.wire.mesh.certificates import Authority, service
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import running, until
from tests.wire.mesh.signing import Signer, bearer, token_settings

BURSTS = Rule(
    "member_bursts",
    "What one member does at once",
    "tests",
    Limit((SubjectKind.MEMBER,), UNITS, int(WINDOW_SECONDS * 1000)),
    strikes=StrikePolicy(60_000, suspect_after=20, challenged_after=0, confirmed_after=50),
    version=1,
)


@dataclass(frozen=True)
class Outcome:
    """What became of everybody's calls."""

    honest: Count
    hammer: Count
    scan: Count

    @property
    def refused_late(self) -> float:
        """Part of the attack that was refused once it had gone on for a while."""
        admitted = self.hammer.late_admitted + self.scan.late_admitted
        refused = self.hammer.late_refused + self.scan.late_refused
        return refused / max(admitted + refused, 1)


async def run(redis_url: str, folder: Path, members: int, bursts: int) -> Outcome:
    """Takes about five seconds a burst. The Redis is emptied: what others counted there is no part of it."""
    client = redis.asyncio.from_url(redis_url)
    await client.flushall()
    await client.aclose()
    authority, signer = Authority(), Signer("members", "member")
    credentials = authority.credentials(authority.leaf(service("bff")))
    settings = authority.settings(folder) | token_settings(folder / "keys.json", signer)
    store_url = await _with_rules(f"sqlite:///{folder}/risk.db")
    settings |= {"risk": "on", "redis_url": redis_url, "store_url": store_url, "risk_slow_ms": 1000}
    echo, extra = EchoServicer(), [SLICES["risk"]]
    async with running(echo, credentials=credentials, extra=extra, max_calls=10_000, **settings) as server:
        chambers = server.process.chambers
        assert chambers is not None
        await until(lambda: all(shard.can_decide for shard in chambers.limiter.shards))
        await until(lambda: chambers.rules.in_force.rules.revision == 1)
        hammer, scan = Count(), Count()
        attack = [
            asyncio.create_task(hammering(server.stub, hammer, bearer(signer.token(ATTACKER)))),
            asyncio.create_task(scanning(server.channel, scan)),
        ]
        population = await honest(server.stub, members, bursts)
        for task in attack:
            if task.done():
                # It never ends by itself: this says why it did.
                task.result()
            task.cancel()
        await asyncio.gather(*attack, return_exceptions=True)
        return Outcome(population, hammer, scan)


async def _with_rules(store_url: str) -> str:
    """A database in which the rules of the run are in force."""
    have_tables(store_url)
    store, doing = Store(StoreConfig(store_url)), Doing("tests", SystemClock().now())
    rules = RuleSet(1, (*SHIPPED.rules, BURSTS))
    await store.transact(lambda connection: SqlRules(connection).add(rules, doing))
    await store.close()
    return store_url
