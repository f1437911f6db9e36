"""What becomes of transactions when the way to MySQL breaks (F-13 to F-16)."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import Connection, text

from domain.shared.errors import DomainError, Unavailable
from domain.shared.instants import Instant
from servers.store.config import StoreConfig
from servers.store.faults import CommitUnknown
from servers.store.idempotency import Key
from servers.store.once import Once
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.conftest import started
from tests.contract import ledger
from tests.fakes import FakeClock
from tests.servers import MariaDB
from tests.toxics import DropReply, DropRequest, ForgeError, Proxy, toxic_proxy


@pytest.fixture
async def proxy(mariadb: MariaDB) -> AsyncIterator[Proxy]:
    async with toxic_proxy(mariadb.port) as proxy:
        yield proxy


@pytest.fixture
async def store(mariadb: MariaDB, mysql_url: str, proxy: Proxy) -> AsyncIterator[Store]:
    """On MariaDB, by way of the proxy."""
    url = mariadb.url(mysql_url.rsplit("/", 1)[1], proxy.port)
    store = Store(StoreConfig(url, pool_size=4, connect_seconds=1, transaction_seconds=1.5))
    await store.transact(ledger.create)
    yield store
    proxy.clear()
    await store.close()


@pytest.fixture
def own_mariadb() -> Iterator[MariaDB]:
    """A durable MariaDB that a test may stop."""
    yield from started(lambda: MariaDB(durable=True))


async def test_a_commit_whose_answer_is_lost_is_unknown_and_was_done(store: Store, proxy: Proxy) -> None:
    """F-13."""
    proxy.add(DropReply(command="COMMIT"))

    with pytest.raises(CommitUnknown):
        await store.transact(ledger.add, 1)

    assert await store.read(ledger.amount_of, 1) == 1


async def test_a_commit_that_never_arrived_is_unknown_and_was_not_done(store: Store, proxy: Proxy) -> None:
    """F-14."""
    proxy.add(DropRequest(command="COMMIT"))

    with pytest.raises(CommitUnknown):
        await store.transact(ledger.add, 1)

    assert await store.read(ledger.amount_of, 1) == 0


async def test_a_commit_that_is_never_answered_is_unknown_in_time(store: Store, proxy: Proxy) -> None:
    def mutes_then_commits(connection: Connection) -> None:
        ledger.add(connection, 1)
        proxy.mute()

    began = time.monotonic()
    with pytest.raises(CommitUnknown):
        await store.transact(mutes_then_commits)

    assert time.monotonic() - began < 4


async def test_a_commit_that_fails_oddly_is_never_run_again(store: Store, proxy: Proxy) -> None:
    """The server says that COMMIT failed, and not how; then the connection dies as well."""
    runs = 0

    def add(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        ledger.add(connection, 1)

    proxy.add(ForgeError(command="COMMIT", error="1180 forged"))
    proxy.add(DropRequest(command="ROLLBACK"))
    with pytest.raises(CommitUnknown):
        await store.transact(add)

    assert runs == 1
    await store.transact(add)
    assert await store.read(ledger.amount_of, 1) == 1


async def test_a_silent_server_is_unavailable_in_time_and_recovers(store: Store, proxy: Proxy) -> None:
    proxy.mute()

    began = time.monotonic()
    with pytest.raises(Unavailable):
        await store.transact(ledger.add, 1)
    assert time.monotonic() - began < 4

    proxy.clear()
    await store.transact(ledger.add, 1)
    assert await store.read(ledger.amount_of, 1) == 1


async def test_connections_that_died_in_the_pool_are_nobodys_trouble(store: Store, proxy: Proxy) -> None:
    await asyncio.gather(*(store.transact(ledger.add, number) for number in range(4)))
    proxy.cut()

    await asyncio.gather(*(store.transact(ledger.add, number) for number in range(4)))

    assert await store.read(ledger.total) == 8


async def test_a_connection_killed_in_the_middle_costs_one_more_run(store: Store) -> None:
    runs = 0

    def killed_once(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        ledger.add(connection, 1)
        if runs == 1:
            connection.execute(text("KILL CONNECTION_ID()"))
        ledger.add(connection, 2)

    await store.transact(killed_once)

    assert runs == 2
    assert [await store.read(ledger.amount_of, account) for account in (1, 2)] == [1, 1]


async def test_a_connection_that_dies_again_and_again_is_given_up(store: Store) -> None:
    runs = 0

    def always_killed(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        connection.execute(text("KILL CONNECTION_ID()"))

    with pytest.raises(Unavailable) as raised:
        await store.transact(always_killed)

    assert raised.value.reason == "STORE_UNAVAILABLE"
    assert runs == 2


async def test_a_restart_under_load_loses_nothing_acknowledged(own_mariadb: MariaDB) -> None:
    """F-15, G4: every acknowledged entry is there, every refused one is not."""
    store = Store(StoreConfig(own_mariadb.create_database("load"), pool_size=4, connect_seconds=1))
    await store.transact(ledger.create)
    acknowledged, refused = set[str](), set[str]()
    stopping = asyncio.Event()

    async def writer(name: int) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            entry_id = f"{name}-{number}"
            try:
                await store.transact(ledger.enter, entry_id)
                acknowledged.add(entry_id)
            except DomainError:
                refused.add(entry_id)
                await asyncio.sleep(0.01)
            except CommitUnknown:
                pass  # either will do

    writers = [asyncio.create_task(writer(name)) for name in range(8)]
    for end in (own_mariadb.stop, own_mariadb.kill):
        await asyncio.sleep(0.3)
        await asyncio.to_thread(end)
        # From this thread: the kernel ties a server's life to the thread that started it.
        own_mariadb.start()
        before = len(acknowledged)
        await asyncio.sleep(0.5)
        assert len(acknowledged) > before, "it goes on by itself"
    stopping.set()
    await asyncio.gather(*writers)

    there = await store.read(ledger.entries)
    assert acknowledged <= there
    assert not refused & there
    assert refused, "the server was gone for a while"
    await store.close()


async def test_a_primary_that_became_read_only_is_left(own_mariadb: MariaDB) -> None:
    """F-16: its connections still answer, and must not be used again."""
    store = Store(StoreConfig(own_mariadb.create_database("fence"), pool_size=1))
    await store.transact(ledger.create)
    with own_mariadb.connect() as root, root.cursor() as cursor:
        cursor.execute("CREATE USER app@'127.0.0.1'")
        cursor.execute("GRANT ALL ON fence.* TO app@'127.0.0.1'")
        cursor.execute("SET GLOBAL read_only = ON")
    app = Store(StoreConfig(own_mariadb.url("fence").replace("root@", "app@"), pool_size=1))

    def connection_id(connection: Connection) -> int:
        return int(connection.scalars(text("SELECT CONNECTION_ID()")).one())

    first = await app.read(connection_id)
    with pytest.raises(Unavailable):
        await app.transact(ledger.add, 1)
    assert await app.read(connection_id) != first
    with contextlib.closing(own_mariadb.connect()) as root, root.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = OFF")
    await app.transact(ledger.add, 1)
    assert await app.read(ledger.amount_of, 1) == 1
    await app.close()
    await store.close()


@pytest.mark.parametrize("lost", [DropReply, DropRequest])
async def test_a_request_whose_commit_is_lost_is_done_once_all_the_same(
    store: Store,
    proxy: Proxy,
    tables: ServiceTables,
    clock: FakeClock,
    lost: type[DropReply] | type[DropRequest],
) -> None:
    """F-13, F-14."""
    once = Once(store, tables.idempotency, clock)

    def adding(connection: Connection, _: Instant) -> bytes:
        ledger.add(connection, 1)
        return b"done"

    proxy.add(lost(command="COMMIT"))

    assert await once(Key("svc/orders", "request-1"), "Add", bytes(32), adding) == b"done"
    assert await store.read(ledger.amount_of, 1) == 1
