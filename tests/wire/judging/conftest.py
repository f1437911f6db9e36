"""A judged server on a real Redis, rules to judge by, and what the log says of its calls."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from servers.mesh.judging.judge import Chambers
from servers.mesh.judging.record import DecisionRecord, from_line
from tests.servers import Redis
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, running, until

Judged = Callable[..., AbstractAsyncContextManager["Court"]]


@dataclass(frozen=True)
class Court:
    """A server that judges its calls."""

    server: Running
    redis: "redis.asyncio.Redis"
    echo: EchoServicer
    log: Path

    @property
    def chambers(self) -> Chambers:
        found = self.server.process.chambers
        assert found is not None
        return found

    @property
    def in_force(self) -> int:
        """Revision of the rules in force."""
        return self.chambers.rules.in_force.rules.revision

    @property
    def is_together(self) -> bool:
        """Whether Redis counts, and not this process alone."""
        return all(shard.can_decide for shard in self.chambers.limiter.shards)

    async def records(self, calls: int) -> list[DecisionRecord]:
        """Of so many calls, in the order in which they were decided; fails if there are fewer or more."""

        def lines() -> list[bytes]:
            return self.log.read_bytes().splitlines() if self.log.exists() else []

        await until(lambda: len(lines()) >= calls)
        assert len(lines()) == calls
        return sorted((from_line(line) for line in lines()), key=lambda record: record.time)

    def metric(self, name: str, **labels: str) -> float:
        """A value on the page that Prometheus reads; 0 if it is not there yet."""
        return self.server.process.metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def echo() -> EchoServicer:
    return EchoServicer()


@pytest.fixture
def judged(
    echo: EchoServicer, redis_server: Redis, redis_client: "redis.asyncio.Redis", tmp_path: Path
) -> Judged:
    """`async with judged(...) as court`: a server that starts with what is published by then."""

    @asynccontextmanager
    async def make(*, together: bool = True, **settings: Any) -> AsyncIterator[Court]:
        log = tmp_path / "decisions.jsonl"
        given: dict[str, Any] = {
            "risk": "on",
            "redis_url": redis_server.url,
            "risk_log_file": str(log),
            "risk_slow_ms": 1000,
        }
        async with running(echo, **(given | settings)) as server:
            court = Court(server, redis_client, echo, log)
            if together:
                await until(lambda: court.is_together)
            yield court

    return make
