"""The limits that the limiter's benchmarks share, and a limiter in touch with a private Redis."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from domain.risk.limit import Limit
from servers.mesh.clock import SystemClock
from servers.mesh.limiting.judgement import Charge
from servers.mesh.limiting.keys import Keys
from servers.mesh.limiting.limiter import WindowLimiter
from servers.mesh.logs import configure_logs
from servers.mesh.redis_clients import AnyRedis, short_calls
from tests.servers import Redis

SECRET = b"a secret of benchmarks"
FOUR = (
    Limit(1, "member", 50, 10_000),
    Limit(2, "member", 1_000, 60_000),
    Limit(3, "member", 10_000, 3_600_000),
    Limit(4, "member", 60_000, 86_400_000),
)
"""One exact, three counted in 60 or 50 buckets."""
PATIENT_SECONDS = 10.0
"""A benchmark asks what the store's decision costs, not what a busy machine makes of 20 ms."""


def charges(member: str) -> list[Charge]:
    """What a call about a member is charged to."""
    return [Charge(limit, member) for limit in FOUR]


@contextmanager
def private_redis() -> Iterator[Redis]:
    """Debian's Redis, empty. Raises `tests.servers.Missing` if it is not installed."""
    server = Redis.installed().start()
    try:
        yield server
    finally:
        server.discard()


@asynccontextmanager
async def limiter(url: str) -> AsyncIterator[tuple[WindowLimiter, AnyRedis]]:
    """A limiter whose store decides, and its client."""
    configure_logs("error")
    client = short_calls(url)
    own = WindowLimiter(client, Keys(SECRET), SystemClock(), f"process {os.getpid()}", PATIENT_SECONDS)
    job = asyncio.create_task(own.run())
    try:
        async with asyncio.timeout(10):
            await asyncio.gather(*(shard.settled.wait() for shard in own.shards))
        yield own, client
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        await own.close()
        await client.aclose()
