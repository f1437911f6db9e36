"""One run: a judged server, an honest population and an attack on it at the same time."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import redis.asyncio

from domain.risk.canonical import encoded
from domain.risk.rules import Limit, Rule, RuleSet
from domain.risk.subjects import SubjectKind
from servers.mesh.judging.published import publish_rules
from servers.mesh.judging.shipped import SHIPPED
from tests.population.crowds import UNITS, WINDOW_SECONDS, Count, hammering, honest, scanning
from tests.wire.mesh.certificates import Authority, service
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import running, until

BURSTS = Rule(
    "member_bursts",
    "What one member does at once",
    "tests",
    Limit((SubjectKind.MEMBER,), UNITS, int(WINDOW_SECONDS * 1000)),
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
    """Takes about five seconds a burst."""
    client = redis.asyncio.from_url(redis_url)
    await publish_rules(client, 1, encoded(RuleSet(1, (*SHIPPED.rules, BURSTS))).encode())
    await client.aclose()
    authority = Authority()
    credentials = authority.credentials(authority.leaf(service("bff")))
    settings = authority.settings(folder) | {"risk": "on", "redis_url": redis_url, "risk_slow_ms": 1000}
    async with running(EchoServicer(), credentials=credentials, max_calls=10_000, **settings) as server:
        chambers = server.process.chambers
        assert chambers is not None
        await until(lambda: all(shard.can_decide for shard in chambers.limiter.shards))
        hammer, scan = Count(), Count()
        attack = [
            asyncio.create_task(hammering(server.stub, hammer)),
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
