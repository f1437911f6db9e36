"""Limiters on a real store, each a replica of its own, and what they are limited by."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from domain.risk.limit import FailureClass, Limit
from servers.mesh.clock import Clock, SystemClock
from servers.mesh.limiting.judgement import Charge
from servers.mesh.limiting.keys import Keys
from servers.mesh.limiting.limiter import WindowLimiter
from servers.mesh.redis_clients import short_calls
from tests.contract.conftest import eventually

SECRET = b"a secret of tests"
PATIENT_SECONDS = 10.0
"""A store that is only as slow as a busy machine is not taken for one that is away."""


@asynccontextmanager
async def replica(
    url: str,
    name: str = "one",
    shards: int = 1,
    slow_seconds: float = PATIENT_SECONDS,
    clock: Clock | None = None,
) -> AsyncIterator[WindowLimiter]:
    """A limiter that is in touch with its store, as a process has it."""
    client = short_calls(url)
    limiter = WindowLimiter(client, Keys(SECRET, shards), clock or SystemClock(), name, slow_seconds)
    job = asyncio.create_task(limiter.run())
    try:
        await eventually_together(limiter)
        yield limiter
    finally:
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job
        await limiter.close()
        await client.aclose()


async def eventually_together(limiter: WindowLimiter) -> None:
    """Returns when the store decides again."""

    async def together() -> bool:
        return all(shard.can_decide for shard in limiter.shards)

    await eventually(together, seconds=30)


async def eventually_alone(limiter: WindowLimiter) -> None:
    """Returns when the store is not asked any more."""

    async def alone() -> bool:
        return all(shard.breaker.is_open for shard in limiter.shards)

    await eventually(alone, seconds=30)


def a_charge(
    units: int = 3,
    window_ms: int = 60_000,
    subject: str = "ann",
    rule_id: int = 1,
    failure_class: FailureClass | None = None,
) -> Charge:
    return Charge(Limit(rule_id, "member", units, window_ms, failure_class=failure_class), subject)
