"""Tells every process of the mesh, through Redis, which rules are in force and who is listed.

The database is the truth. What was written there and is not in Redis yet is found by a mark; whatever
Redis loses is published anew, at once if it says so itself, else with the next full round.
"""

import asyncio
from collections.abc import AsyncIterator

import structlog

from domain.risk.canonical import encoded
from domain.risk.states import State
from domain.risk.suspects import Entry
from domain.shared.errors import Raced, Unavailable
from domain.shared.instants import MINUTE, Instant
from servers.mesh.clock import Clock
from servers.mesh.judging.published import (
    FILLED_AT_ONCE,
    HEAD,
    REMOVED,
    publish_changes,
    publish_list,
    publish_rules,
)
from servers.mesh.redis_clients import STORE_ERRORS, AnyRedis
from servers.risk.sql.rules import SqlRules
from servers.risk.sql.suspects import behind, live_after, mark_published
from servers.store.faults import CommitUnknown
from servers.store.leases import Lease
from servers.store.store import Store

EVERYTHING_EVERY = 5 * MINUTE
"""A Redis that fell back to an older copy of itself may lack what it was told, without knowing it."""
PAUSE_SECONDS = 1.0
TROUBLE = (*STORE_ERRORS, Unavailable, Raced, CommitUnknown)

_log = structlog.get_logger("nectary.risk")


class Publisher:
    """A job for a lease: there is one at a time."""

    def __init__(self, store: Store, redis: AnyRedis, clock: Clock, system_clock: Clock) -> None:
        """`clock` says which entries live, `system_clock` when everything is published again."""
        self._store = store
        self._redis = redis
        self._clock = clock
        self._system_clock = system_clock
        self._generation = ""
        self._everything_at: Instant = 0

    async def run(self, lease: Lease) -> None:
        """One round: whatever Redis does not have yet."""
        try:
            await self._publish_rules()
            await self._publish_list()
        except TROUBLE as error:
            _log.warning("publisher_waits", error=repr(error), fence=lease.fence)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _publish_rules(self) -> None:
        rules = await self._store.read(lambda connection: SqlRules(connection).latest())
        there = await self._redis.hget(HEAD, "rules")
        if rules.revision and there != str(rules.revision).encode():
            await publish_rules(self._redis, rules.revision, encoded(rules).encode())
            _log.info("rules_published", revision=rules.revision)

    async def _publish_list(self) -> None:
        if self._system_clock.now() >= self._everything_at + EVERYTHING_EVERY:
            await self._publish_everything()
        while news := await self._store.read(behind, FILLED_AT_ONCE):
            changes = {str(one.entry.subject): _document(one.entry) for one in news}
            if await publish_changes(self._redis, self._generation, changes):
                await self._store.transact(mark_published, news)
            else:
                await self._publish_everything()

    async def _publish_everything(self) -> None:
        self._generation = await publish_list(self._redis, self._entries())
        self._everything_at = self._system_clock.now()

    async def _entries(self) -> AsyncIterator[tuple[str, bytes]]:
        now, place = self._clock.now(), 0
        while batch := await self._store.read(live_after, now, place, FILLED_AT_ONCE):
            place = batch[-1].id
            for one in batch:
                if document := _document(one.entry):
                    yield str(one.entry.subject), document


def _document(entry: Entry) -> bytes:
    """The entry, or REMOVED if nothing of it would ever count."""
    if entry.state in {State.NONE, State.RELEASED} and not entry.snoozes:
        return REMOVED
    return encoded(entry).encode()
