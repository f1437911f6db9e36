"""Identity's database with a catalogue, and units of work on it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection

from domain.identity.commands.catalog import ApplyCatalog, apply_catalog
from servers.identity.sql.unit import Memory, Unit
from servers.identity.wire.catalogs import draft_of
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from servers.store.store import Store
from tests.contract.identity.commands import done
from tests.migrated import have_tables
from tests.wire.identity.cards import a_catalog


@pytest.fixture
def identity_url(store_url: str) -> str:
    """A database with Identity's tables and the catalogue of the wire tests, on each engine in turn."""
    have_tables(store_url)
    engine = blocking_engine(StoreConfig(store_url))
    with engine.begin() as connection:
        unit = Unit(connection, Memory())
        done(unit, apply_catalog, ApplyCatalog(draft_of(a_catalog()), 0))
        unit.flush()
    engine.dispose()
    return store_url


@pytest.fixture
async def identity_store(identity_url: str) -> AsyncIterator[Store]:
    store = Store(StoreConfig(identity_url))
    yield store
    await store.close()


Connect = Callable[[], Connection]


@pytest.fixture
def connect(identity_url: str) -> Iterator[Connect]:
    """Opens a transaction. SQLite has one writer at a time, so there all share one."""
    config = StoreConfig(identity_url)
    engine = blocking_engine(config)
    with ExitStack() as closing:
        shared: list[Connection] = []

        def begun() -> Connection:
            if config.is_sqlite and shared:
                return shared[0]
            connection = closing.enter_context(engine.connect())
            connection.begin()
            shared.append(connection)
            return connection

        yield begun
    engine.dispose()
