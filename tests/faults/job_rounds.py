"""Background jobs, killed at one step: the relay (F-02), and the announcer of starts and ends (ID-14)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import redis
from sqlalchemy import func, select

from clients import NectaryError
from nectary.identity.v1 import catalog_pb2, identity_pb2
from servers.identity.slice import STREAM
from servers.identity.sql.tables import common
from tests.faults.ground import Ground
from tests.faults.image import Image
from tests.faults.rounds import Fate, Round
from tests.faults.stories import ordered, paying, send
from tests.faults.work import not_heard_once, until

STARTS_IN = timedelta(seconds=0.4)
"""Long enough for the other jobs to have done with what the grant gave them to do."""
PASS_SECONDS = 0.6
"""A little more than from one pass of the announcer to the next."""


class JobRounds(Protocol):
    """Kills one job."""

    async def killed_at(self, number: int) -> Round: ...


async def every_step(rounds: JobRounds, stride: int = 1) -> AsyncIterator[Round]:
    """Step 1, 2, 3 ... (or each `stride`-th) until the job had done its work before the kill."""
    for number in range(1, 100, stride):
        result = await rounds.killed_at(number)
        yield result
        if result.fate is not Fate.NEVER:
            return
    raise AssertionError("the job never came to its end")


class RelayRounds:
    """Kills the relay while it carries the events of one purchase."""

    BEGINS = "^SQL INSERT INTO identity_outbox"
    """By the payment. Its last steps are counted as well, and then the relay's."""
    MARKS = "^SQL UPDATE identity_outbox"
    """By the relay, which has published by then."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.repeated = 0
        """Events that stand in the stream twice: the relay died after it published and before it marked."""

    async def killed_at(self, number: int) -> Round:
        return await self._killed(self.BEGINS, number)

    async def killed_before_it_marks(self) -> Round:
        """At the step that makes it repeat itself."""
        return await self._killed(self.MARKS, 1)

    async def _killed(self, begins: str, number: int) -> Round:
        ground = self._ground
        member_id = ground.new_member()
        await ground.restart_with_jobs()
        order = await ordered(ground.client, member_id, "gold_annual")
        ground.server.die_at(begins, number)
        with suppress(NectaryError):
            await send(ground.channel, paying(order))
        await ground.server.death()
        step = ground.server.steps()[-1]
        result = Round(step, Fate.ONCE if _marked(ground, member_id) else Fate.NEVER)
        await ground.restart_with_jobs()
        await until(lambda: not ground.unpublished())
        await ground.downstream.consume()
        amiss = await not_heard_once(ground)
        result.expect(not amiss, "; ".join(amiss[:3]))
        published = _published(ground)
        self.repeated = sum(published.values()) - len(published)
        return result


class AnnouncerRounds:
    """Kills the job that announces a start which nobody wrote at that moment."""

    BEGINS = "^SQL SELECT identity_timeline.member_id, identity_timeline.version"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def killed_at(self, number: int) -> Round:
        ground = self._ground
        member_id = ground.new_member()
        await ground.restart_with_jobs()
        await _granted_from_soon(ground, member_id)
        ground.server.die_at(self.BEGINS, number)
        await ground.server.death()
        found = _starts(ground.image(), member_id)
        step = ground.server.steps()[-1]
        result = Round(step, {0: Fate.NEVER, 1: Fate.ONCE}.get(found, Fate.BROKEN))
        await ground.restart_with_jobs()
        await until(lambda: _starts(ground.image(), member_id) > 0)
        await asyncio.sleep(PASS_SECONDS)
        image = ground.image()
        told = [row for row in image["identity_outbox"].values() if row["subject"] == member_id]
        starts = sum(row["type"] == "IdentityStarted" for row in told)
        result.expect(_starts(image, member_id) == starts == 1, f"announced {starts} times")
        result.expect(sorted(int(str(row["seq"])) for row in told) == [1, 2], "the events have a gap")
        return result


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


def _marked(ground: Ground, member_id: str) -> int:
    """Events of a member of which the database knows that they were published."""
    rows = common.outbox.c
    marked = select(func.count()).where(rows.subject == member_id, rows.published_time.is_not(None))
    with ground.engine.connect() as connection:
        return int(connection.scalar(marked) or 0)


def _published(ground: Ground) -> Counter[Any]:
    with redis.from_url(ground.redis_url) as client:
        return Counter(entry[b"event_id"] for _, entry in client.xrange(STREAM))
