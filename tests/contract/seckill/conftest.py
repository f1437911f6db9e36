"""A database with Seckill's tables, on each engine in turn, and stores on it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from servers.seckill.sale.commits import Commits
from servers.store.config import StoreConfig
from servers.store.store import Store
from tests.fakes import FakeClock
from tests.migrated import have_tables


@pytest.fixture
def seckill_url(store_url: str) -> str:
    have_tables(store_url)
    return store_url


OpenStore = Callable[[], Store]


@pytest.fixture
async def open_store(seckill_url: str) -> AsyncIterator[OpenStore]:
    """Opens a store of its own each time, as another process would."""
    async with AsyncExitStack() as closing:

        def open_one() -> Store:
            store = Store(StoreConfig(seckill_url))
            closing.push_async_callback(store.close)
            return store

        yield open_one


@pytest.fixture
def seckill_store(open_store: OpenStore) -> Store:
    return open_store()


@pytest.fixture
def commits(seckill_store: Store, clock: FakeClock) -> Commits:
    """Without gate and turns: the database alone."""
    return Commits(seckill_store, clock, None, None)
