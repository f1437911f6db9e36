"""Another service that listens to the events of one, and counts how often each had its effect."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis.asyncio
from sqlalchemy import Column, Connection, Integer, Table, insert, select

from servers.mesh.clock import SystemClock
from servers.store.columns import TABLE, identifier, new_metadata
from servers.store.config import StoreConfig
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.inbox import Inbox
from servers.store.intake import Intake, at_once, one_by_one
from servers.store.leases import Lease, acquire
from servers.store.outbox import Outbox
from servers.store.relay import Relay
from servers.store.store import Store
from servers.store.tables import ServiceTables, service_tables

FOR_EVER = 10**18
"""An instant that no lease of these tests lives to see."""
GROUP = "downstream"

_metadata = new_metadata()
_tables = service_tables("downstream", _metadata)
_effects = Table(
    "effect",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("subject", identifier(), nullable=False),
    Column("seq", Integer, nullable=False),
    **TABLE,
)


class Downstream:
    """Its own database, and a relay of the other's outbox that the test turns by hand."""

    def __init__(
        self,
        *,
        relay: Relay,
        relay_lease: Lease,
        consumer: Consumer,
        lease: Lease,
        store: Store,
        redis_client: redis.asyncio.Redis,
    ) -> None:
        self._relay = relay
        self._relay_lease = relay_lease
        self._consumer = consumer
        self._lease = lease
        self._store = store
        self._redis = redis_client

    async def drain(self) -> None:
        """Publish all that waits, and consume it."""
        await self._redis.connection_pool.disconnect()  # Redis may have been another since
        while await self._relay.publish_once(self._relay_lease):
            pass
        await self.consume()

    async def consume(self) -> None:
        """Consume all that was published."""
        await self._redis.connection_pool.disconnect()
        await self._consumer.consume_pending(self._lease)
        while await self._consumer.consume_new(self._lease):
            pass

    async def effects(self) -> Counter[tuple[str, int]]:
        """How often each event, named by member and sequence, had its effect."""
        return await self._store.read(_counted)


@asynccontextmanager
async def downstream(
    url: str, redis_url: str, folder: Path, common: ServiceTables, stream: str
) -> AsyncIterator[Downstream]:
    """Listens to the service of one database by way of one empty Redis."""
    clock = SystemClock()
    heard, own = Store(StoreConfig(url)), Store(StoreConfig(f"sqlite:///{folder}/downstream.db"))
    client = redis.asyncio.from_url(redis_url)
    await own.transact(_metadata.create_all)
    # A name of its own, so that a server's relay may run beside it: two do no harm but repeat each other.
    relay_lease = await _leased(heard, common.lease, "a test's relay")
    lease = await _leased(own, _tables.lease, GROUP)
    intake = Intake(
        own,
        Inbox(_tables.inbox, GROUP),
        DeadLetters(_tables.dead_letter, GROUP),
        at_once(one_by_one(_count)),
        clock,
    )
    try:
        yield Downstream(
            relay=Relay(heard, Outbox(common.outbox), client, stream, clock),
            relay_lease=relay_lease,
            consumer=Consumer(intake, client, stream, f"{stream}:dead", GROUP, block_ms=1),
            lease=lease,
            store=own,
            redis_client=client,
        )
    finally:
        await asyncio.gather(client.aclose(), heard.close(), own.close())


async def _leased(store: Store, table: Table, name: str) -> Lease:
    lease = await store.transact(acquire, table, name, "a test", now=FOR_EVER - 1, until=FOR_EVER)
    assert lease is not None
    return lease


def _count(connection: Connection, event: Event) -> None:
    connection.execute(insert(_effects), [{"subject": event.subject, "seq": event.seq}])


def _counted(connection: Connection) -> Counter[tuple[str, int]]:
    rows = connection.execute(select(_effects.c.subject, _effects.c.seq).order_by(_effects.c.id))
    return Counter((subject, seq) for subject, seq in rows)
