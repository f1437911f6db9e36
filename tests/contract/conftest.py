"""A database with one service's generic tables, and events to put into it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from redis.asyncio import Redis as RedisClient

from servers.store.columns import new_metadata
from servers.store.event import Event
from servers.store.leases import Lease, acquire
from servers.store.store import Store
from servers.store.tables import ServiceTables, service_tables
from tests.fakes import EPOCH, FakeClock

STREAM = "nectary:test:events"
DEAD_STREAM = "nectary:test:dead"

_metadata = new_metadata()
_tables = service_tables("test", _metadata)


@pytest.fixture
def undeployed_tables() -> ServiceTables:
    """The tables as they are declared, in no database yet."""
    return _tables


@pytest.fixture
async def tables(store: Store) -> ServiceTables:
    """The tables, empty, on each engine in turn."""
    await store.transact(_metadata.create_all)
    return _tables


@pytest.fixture
async def lease(store: Store, tables: ServiceTables, clock: FakeClock) -> Lease:
    """A lease that nobody else wants."""
    lease = await store.transact(
        acquire, tables.lease, "test", "me", now=clock.now(), until=clock.now() + 10**12
    )
    assert lease is not None
    return lease


def an_event(seq: int, subject: str = "member-1", payload: bytes = b"\x00\xff payload") -> Event:
    return Event(
        event_id=f"{subject}:{seq}",
        type="TermPlaced",
        version=1,
        subject=subject,
        seq=seq,
        effective_time=EPOCH + seq,
        recorded_time=EPOCH,
        causation_id="request-1",
        correlation_id="order-1",
        actor="svc/注文",
        payload=payload,
    )


def events(count: int, first: int = 1, subject: str = "member-1") -> list[Event]:
    return [an_event(seq, subject) for seq in range(first, first + count)]


async def entries_of(client: RedisClient, stream: str) -> list[dict[bytes, bytes]]:
    """The fields of every entry, in order."""
    entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", await client.xrange(stream))
    return [fields for _, fields in entries]


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    """Returns as soon as it holds. Fails if it does not in time."""
    async with asyncio.timeout(seconds):
        for pause in [0.001] * 10 + [0.02] * int(seconds / 0.02):
            if await holds():
                return
            await asyncio.sleep(pause)
