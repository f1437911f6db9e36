"""Risk's database, and the lease of a job on it."""

from collections.abc import AsyncIterator

import pytest

from servers.risk.sql.tables import common, metadata
from servers.store.config import StoreConfig
from servers.store.leases import Lease, acquire
from servers.store.store import Store
from tests.fakes import FakeClock


@pytest.fixture
async def risk_store(store_url: str) -> AsyncIterator[Store]:
    """A store with Risk's tables, empty, on each engine in turn.

    As they are declared: that migrations make the same is another test, and takes a second longer.
    """
    store = Store(StoreConfig(store_url))
    await store.transact(metadata.create_all)
    yield store
    await store.close()


@pytest.fixture
async def risk_lease(risk_store: Store, clock: FakeClock) -> Lease:
    """A lease that nobody else wants."""
    now = clock.now()
    lease = await risk_store.transact(acquire, common.lease, "job", "me", now=now, until=now + 10**15)
    assert lease is not None
    return lease
