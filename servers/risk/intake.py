"""From the stream of decisions into their table: each once, and nothing that cannot be read stops the rest.

The stream carries chunks of records as events, so a chunk that comes twice is found in the inbox; a record
that comes in two chunks is found in the table.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import structlog
from redis.asyncio import Redis
from sqlalchemy import Connection

from domain.shared.instants import DAY
from servers.mesh.clock import Clock
from servers.mesh.judging.record import from_line
from servers.mesh.judging.stream_sink import DEAD_STREAM, EVENT_TYPE, STREAM
from servers.risk.sql.decisions import Written, add_decisions, purge_decisions
from servers.risk.sql.tables import common
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.inbox import Inbox
from servers.store.intake import Intake, at_once
from servers.store.leases import Lease
from servers.store.retention import PAUSE_SECONDS
from servers.store.store import Store

GROUP = "decisions"
CHUNKS_AT_ONCE = 40
"""Two thousand rows, at most, in one transaction and a few statements."""
BLOCK_MS = 500
PURGED_AT_ONCE = 2_000
"""More than elsewhere: decisions come in faster than anything else, and nobody waits for old ones."""

_log = structlog.get_logger("nectary.risk")


def decision_intake(
    store: Store, waiting_redis: Redis, clock: Clock, *, stream: str = STREAM, dead_stream: str = DEAD_STREAM
) -> Consumer:
    """The reader of the stream: its `run` is a job for a lease."""
    dead_letters = DeadLetters(common.dead_letter, GROUP)

    def take(connection: Connection, events: Sequence[Event]) -> None:
        chunks = [event for event in events if event.type == EVENT_TYPE]
        add_decisions(connection, _decisions(connection, chunks, dead_letters, clock))

    return Consumer(
        Intake(store, Inbox(common.inbox, GROUP), dead_letters, at_once(take), clock),
        waiting_redis,
        stream,
        dead_stream,
        GROUP,
        batch_size=CHUNKS_AT_ONCE,
        block_ms=BLOCK_MS,
        removes=True,
    )


def _decisions(
    connection: Connection, chunks: Iterable[Event], dead_letters: DeadLetters, clock: Clock
) -> Iterator[Written]:
    """Those of all chunks; a line that is none goes to the dead letters."""
    for chunk in chunks:
        for number, line in enumerate(chunk.payload.split(b"\n")):
            try:
                yield Written(from_line(line), line)
            except ValueError as error:
                _log.error("line_is_no_decision", chunk=chunk.event_id, line=number, error=str(error))
                dead_letters.bury(connection, _alone(chunk, number, line), str(error), 1, clock.now())


def _alone(chunk: Event, number: int, line: bytes) -> Event:
    """One line of a chunk, as a chunk that can be taken again."""
    return replace(chunk, event_id=f"{chunk.event_id[:32]}:{number}", payload=line)


@dataclass(frozen=True, slots=True)
class DecisionRetention:
    """Forgets old decisions: a job for a lease."""

    store: Store
    clock: Clock
    days: int = 30

    async def run(self, _lease: Lease) -> None:
        until, purged = self.clock.now() - self.days * DAY, PURGED_AT_ONCE
        while purged == PURGED_AT_ONCE:
            purged = await self.store.transact(purge_decisions, until, PURGED_AT_ONCE)
            await asyncio.sleep(PAUSE_SECONDS)
