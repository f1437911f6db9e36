"""Another service that takes Identity's events from the stream, each once, into a table of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis.asyncio
from sqlalchemy import Column, Connection, Integer, Table, insert, select

from servers.identity.slice import STREAM
from servers.mesh.clock import SystemClock
from servers.store.columns import INSTANT, TABLE, identifier, new_metadata
from servers.store.config import StoreConfig
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.inbox import Inbox
from servers.store.intake import Intake, at_once, one_by_one
from servers.store.leases import Lease, acquire
from servers.store.store import Store
from servers.store.tables import service_tables

GROUP = "listener"

_metadata = new_metadata()
_tables = service_tables(GROUP, _metadata)
_heard = Table(
    "heard",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", identifier(), nullable=False),
    Column("member_id", identifier(), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", identifier(64), nullable=False),
    Column("effective", INSTANT, nullable=False),
    **TABLE,
)

Heard = tuple[str, str, int, str, int]
"""Event id, member, sequence, kind of fact, effective instant."""


class Listener:
    """Consumes when it is told to."""

    def __init__(self, consumer: Consumer, lease: Lease, store: Store) -> None:
        self._consumer = consumer
        self._lease = lease
        self._store = store

    async def heard(self, count: int) -> list[Heard]:
        """All that had its effect, in that order, once it is so many. Raises TimeoutError."""
        async with asyncio.timeout(30):
            await self._consumer.consume_pending(self._lease)
            while len(found := await self._store.read(_all)) < count:
                await self._consumer.consume_new(self._lease)
        return found


@asynccontextmanager
async def listening(redis_url: str, folder: Path) -> AsyncIterator[Listener]:
    """On an empty Redis, with a database of its own."""
    store, clock = Store(StoreConfig(f"sqlite:///{folder}/listener.db")), SystemClock()
    client = redis.asyncio.from_url(redis_url)
    try:
        await client.flushall()
        await store.transact(_metadata.create_all)
        lease = await store.transact(
            acquire, _tables.lease, GROUP, "me", now=clock.now(), until=clock.now() + 10**12
        )
        assert lease is not None
        inbox, dead = Inbox(_tables.inbox, GROUP), DeadLetters(_tables.dead_letter, GROUP)
        intake = Intake(store, inbox, dead, at_once(one_by_one(_hear)), clock)
        consumer = Consumer(intake, client, STREAM, f"{STREAM}:dead", GROUP, block_ms=50)
        yield Listener(consumer, lease, store)
    finally:
        await asyncio.gather(client.aclose(), store.close())


def _hear(connection: Connection, event: Event) -> None:
    row = {
        "event_id": event.event_id,
        "member_id": event.subject,
        "sequence": event.seq,
        "type": event.type,
        "effective": event.effective_time,
    }
    connection.execute(insert(_heard), [row])


def _all(connection: Connection) -> list[Heard]:
    columns = (_heard.c[name] for name in ("event_id", "member_id", "sequence", "type", "effective"))
    return [
        (row[0], row[1], row[2], row[3], row[4])
        for row in connection.execute(select(*columns).order_by(_heard.c.id))
    ]
