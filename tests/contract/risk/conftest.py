"""Risk's database, and the lease of a job on it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import Connection

from servers.risk.sql.tables import common, metadata
from servers.store.config import StoreConfig
from servers.store.leases import Lease, acquire
from servers.store.store import Store
from tests.fakes import FakeClock
from tests.servers import MariaDB


@pytest.fixture(scope="session")
def risk_mysql_url(mariadb: MariaDB) -> Iterator[str]:
    """A database for all of these tests: to make the tables takes two seconds."""
    yield mariadb.create_database("contract_risk")
    mariadb.drop_database("contract_risk")


@pytest.fixture(params=["sqlite", "risk_mysql"], ids=["sqlite", "mysql"])
async def risk_store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A store with Risk's tables, empty, on each engine in turn.

    As they are declared: that migrations make the same is another test.
    """
    store = Store(StoreConfig(request.getfixturevalue(f"{request.param}_url")))
    await store.transact(_empty)
    yield store
    await store.close()


def _empty(connection: Connection) -> None:
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        connection.execute(table.delete())


@pytest.fixture
async def risk_lease(risk_store: Store, clock: FakeClock) -> Lease:
    """A lease that nobody else wants."""
    now = clock.now()
    lease = await risk_store.transact(acquire, common.lease, "job", "me", now=now, until=now + 10**15)
    assert lease is not None
    return lease
