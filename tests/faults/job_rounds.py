"""Background jobs, killed at one step: the relay (F-02), and the announcer of starts and ends."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from sqlalchemy import func, select

from nectary.identity.v1 import catalog_pb2, identity_pb2
from servers.identity.slice import STREAM
from servers.identity.sql.tables import common
from tests.faults.ground import Ground
from tests.faults.image import Image
from tests.faults.rounds import Fate, Round
from tests.faults.stories import bought

SECONDS = 20
STARTS_IN = timedelta(seconds=0.2)


class RelayRounds:
    """Kills the relay while it carries the events of one purchase."""

    BEGINS = "^Redis WATCH"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.repeated = 0
        """Events that stood in the stream twice: published, and killed before they were marked."""

    async def every_step(self) -> AsyncIterator[Round]:
        """Step 1, 2, 3 ... until the events are marked as published before the kill."""
        for number in range(1, 1000):
            result = await self.killed_at(number)
            yield result
            if result.fate is Fate.ONCE:
                return

    async def killed_at(self, number: int) -> Round:
        ground = self._ground
        await bought(ground.client, ground.new_member(), "gold_annual")
        await ground.close()
        step = await _job_killed_at(ground, self.BEGINS, number)
        result = Round(step, Fate.NEVER if _unpublished(ground) else Fate.ONCE)
        await _job_runs(ground, lambda: not _unpublished(ground))
        await ground.downstream.consume()
        events = {(row["member_id"], row["seq"]) for row in ground.image()["identity_event"].values()}
        effects = await ground.downstream.effects()
        result.expect(effects.keys() == events, f"heard elsewhere: {effects.keys() ^ events}")
        result.expect(set(effects.values()) == {1}, f"effects twice: {effects.most_common(3)}")
        published = _published(ground)
        self.repeated = sum(published.values()) - len(published)
        await ground.restart()
        return result


class AnnouncerRounds:
    """Kills the job that announces a start which nobody wrote at that moment (ID-14)."""

    BEGINS = "^SQL SELECT identity_timeline.member_id FROM identity_timeline WHERE identity_timeline.next_moment"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def every_step(self) -> AsyncIterator[Round]:
        """Step 1, 2, 3 ... until the start is announced before the kill."""
        for number in range(1, 1000):
            result = await self.killed_at(number)
            yield result
            if result.fate is Fate.ONCE:
                return

    async def killed_at(self, number: int) -> Round:
        ground = self._ground
        member_id = ground.new_member()
        await _granted_from_soon(ground, member_id)
        await ground.close()
        await asyncio.sleep(STARTS_IN.total_seconds())
        step = await _job_killed_at(ground, self.BEGINS, number)
        found = _starts(ground.image(), member_id)
        result = Round(step, {0: Fate.NEVER, 1: Fate.ONCE}.get(found, Fate.BROKEN))
        await _job_runs(ground, lambda: _starts(ground.image(), member_id) > 0, linger_seconds=0.7)
        image = ground.image()
        told = [row for row in image["identity_outbox"].values() if row["subject"] == member_id]
        starts = sum(row["type"] == "IdentityStarted" for row in told)
        result.expect(_starts(image, member_id) == starts == 1, f"announced {starts} times")
        result.expect(sorted(int(str(row["seq"])) for row in told) == [1, 2], "the events have a gap")
        await ground.restart()
        return result


async def _job_killed_at(ground: Ground, begins: str, number: int) -> str:
    """Run a server with all its jobs until it dies; the step at which it died."""
    ground.let_leases_run_out()
    ground.nursery.doom(begins, number)
    server = await ground.nursery.start_doomed(**ground.settings(jobs=True))
    await server.death()
    return server.steps()[-1]


async def _job_runs(ground: Ground, done: Callable[[], bool], linger_seconds: float = 0) -> None:
    """Run another one unharmed until the job has done its work, and for a while longer."""
    ground.let_leases_run_out()
    await ground.restart(jobs=True)
    async with asyncio.timeout(SECONDS):
        while not done():
            await asyncio.sleep(0.05)
    await asyncio.sleep(linger_seconds)


async def _granted_from_soon(ground: Ground, member_id: str) -> None:
    await ground.client.grant_term(
        member_id,
        "gold_annual",
        source="shop",
        channel=catalog_pb2.ACQUISITION_CHANNEL_GIFT,
        cause=identity_pb2.Cause(kind=identity_pb2.CAUSE_KIND_GIFT, id=f"gift-{member_id}"),
        start=datetime.now(UTC) + STARTS_IN,
    )


def _starts(image: Image, member_id: str) -> int:
    rows = image["identity_event"].values()
    return sum(row["member_id"] == member_id and row["type"] == "IdentityStarted" for row in rows)


def _unpublished(ground: Ground) -> int:
    with ground.engine.connect() as connection:
        waiting = select(func.count()).where(common.outbox.c.published_time.is_(None))
        return int(connection.scalar(waiting) or 0)


def _published(ground: Ground) -> Counter[Any]:
    with redis.from_url(ground.redis_url) as client:
        return Counter(entry[b"event_id"] for _, entry in client.xrange(STREAM))

