"""A transaction is a function: what `Store.transact` promises, on every engine."""

import asyncio
import contextlib
import random
import sqlite3
import time
from collections.abc import AsyncIterator

import pytest
import uvloop
from sqlalchemy import Connection, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.shared.errors import Raced, Refused, Unavailable
from servers.store.config import StoreConfig, sqlite_path
from servers.store.faults import is_duplicate
from servers.store.store import Store
from tests.contract import ledger
from tests.servers import MariaDB

TRIES = 4


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    store = Store(StoreConfig(store_url, tries=TRIES, lock_wait_seconds=1))
    await store.transact(ledger.create)
    yield store
    await store.close()


async def test_what_a_function_does_is_there_when_it_returned(store: Store) -> None:
    await store.transact(ledger.add, 1, amount=5)

    assert await store.read(ledger.amount_of, 1) == 5


async def test_nothing_is_kept_of_a_function_that_raises(store: Store) -> None:
    runs = 0

    def refuses(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        ledger.add(connection, 1)
        raise Refused("CAUSE_USED", "no")

    with pytest.raises(Refused):
        await store.transact(refuses)

    assert await store.read(ledger.amount_of, 1) == 0
    assert runs == 1, "a refusal is no race"


async def test_a_function_that_was_raced_twice_is_run_a_third_time_from_nothing(store: Store) -> None:
    runs = 0

    def raced_twice(connection: Connection) -> int:
        nonlocal runs
        runs += 1
        ledger.add(connection, 1)
        if runs < 3:
            raise Raced("STALE_VERSION", "somebody was first")
        return runs

    assert await store.transact(raced_twice) == 3
    assert await store.read(ledger.amount_of, 1) == 1


async def test_a_function_that_is_always_raced_says_so_itself_in_the_end(store: Store) -> None:
    runs = 0

    def always_raced(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        raise Raced("STALE_VERSION", "somebody was first")

    with pytest.raises(Raced) as raised:
        await store.transact(always_raced)

    assert raised.value.reason == "STALE_VERSION"
    assert runs == TRIES


async def test_a_bug_passes_as_it_is_and_is_not_tried_again(store: Store) -> None:
    runs = 0

    def broken(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        await store.transact(broken)

    assert runs == 1


async def test_a_duplicate_is_told_from_other_broken_constraints(store: Store) -> None:
    def is_duplicate_of(connection: Connection, statement: str) -> bool:
        with pytest.raises(IntegrityError) as raised:
            connection.execute(text(statement))
        return is_duplicate(raised.value)

    await store.transact(ledger.enter, "one")

    assert await store.transact(is_duplicate_of, "INSERT INTO entry (id) VALUES ('one')")
    assert not await store.transact(is_duplicate_of, "INSERT INTO entry (id) VALUES (NULL)")


async def test_a_read_keeps_nothing_that_it_wrote(store: Store) -> None:
    with contextlib.suppress(DBAPIError):  # SQLite refuses the write, MySQL rolls it back
        await store.read(ledger.add, 1)

    assert await store.read(ledger.amount_of, 1) == 0


@pytest.mark.parametrize("error", [Refused("CAUSE_USED", "no"), ValueError("a bug")])
async def test_a_read_that_ends_in_the_middle_of_a_result_leaves_no_snapshot(
    store_url: str, error: Exception
) -> None:
    """SQLite shows a half read result's moment to its whole connection, while anybody has the error."""

    def breaks_off(connection: Connection) -> None:
        rows = connection.execute(text("SELECT id FROM account"))
        if rows.fetchone() is not None:
            raise error

    store = Store(StoreConfig(store_url, pool_size=1))
    await store.transact(ledger.create)
    with pytest.raises(type(error)):
        await store.read(breaks_off)
    await store.transact(ledger.add, 1, amount=5)
    assert await store.read(ledger.amount_of, 1) == 5
    await store.close()


async def test_no_update_is_lost_when_a_crowd_checks_versions(store: Store) -> None:
    async def patient(account: int) -> None:
        while True:
            with contextlib.suppress(Raced):
                return await store.transact(increment, account)

    def increment(connection: Connection, account: int) -> None:
        row = connection.execute(ledger.ACCOUNTS.select().where(ledger.ACCOUNTS.c.id == account)).one()
        guarded = (
            update(ledger.ACCOUNTS)
            .where(ledger.ACCOUNTS.c.id == account, ledger.ACCOUNTS.c.version == row.version)
            .values(amount=row.amount + 1, version=row.version + 1)
        )
        if connection.execute(guarded).rowcount != 1:
            raise Raced("STALE_VERSION", "somebody was first")

    await asyncio.gather(*(patient(number % 2) for number in range(64)))

    assert await store.read(ledger.total) == 64


async def test_a_deadlock_is_run_again_until_both_are_through(mysql_url: str) -> None:
    """F-12: two transactions take two rows in opposite order, and the server kills one of them."""
    store = Store(StoreConfig(mysql_url))
    await store.transact(ledger.create)
    runs = 0

    def cross(connection: Connection, first: int, second: int) -> None:
        nonlocal runs
        runs += 1
        ledger.add(connection, first)
        connection.execute(text("DO SLEEP(0.2)"))
        ledger.add(connection, second)

    await asyncio.gather(store.transact(cross, 1, 2), store.transact(cross, 2, 1))

    assert runs > 2, "there was a deadlock"
    assert await store.read(ledger.amount_of, 1) == 2
    assert await store.read(ledger.amount_of, 2) == 2
    await store.close()


async def test_a_lock_that_is_never_released_ends_in_raced(mariadb: MariaDB, mysql_url: str) -> None:
    store = Store(StoreConfig(mysql_url, tries=2, lock_wait_seconds=1))
    await store.transact(ledger.create)
    with mariadb.connect(mysql_url.rsplit("/", 1)[1]) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE account SET amount = 0 WHERE id = 1")

        with pytest.raises(Raced) as raised:
            await store.transact(ledger.add, 1)

    assert raised.value.reason == "TRANSACTION_RACED"
    await store.close()


async def test_a_file_that_another_process_writes_ends_in_raced(sqlite_url: str) -> None:
    store = Store(StoreConfig(sqlite_url, tries=2, lock_wait_seconds=1))
    await store.transact(ledger.create)
    other = sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Raced) as raised:
        await store.transact(ledger.add, 1)

    other.close()
    assert raised.value.reason == "TRANSACTION_RACED"
    await store.close()


def pause(connection: Connection, seconds: float) -> None:
    if connection.dialect.name == "sqlite":
        time.sleep(seconds)
    else:
        connection.execute(text("DO SLEEP(:seconds)"), {"seconds": seconds})


async def test_a_crowd_too_large_to_wait_is_refused_at_once(store_url: str) -> None:
    store = Store(StoreConfig(store_url, pool_size=2, max_waiting=3))
    began = time.monotonic()

    done = await asyncio.gather(*(store.transact(pause, 0.2) for _ in range(20)), return_exceptions=True)

    refused = [error for error in done if isinstance(error, Unavailable)]
    assert {error.reason for error in refused} == {"STORE_OVERLOADED"}
    assert len(refused) == 20 - 2 - 3, "two run (or one, with one in hand), and three wait"
    assert store.waiting == 0
    assert time.monotonic() - began < 3
    await store.close()


async def test_a_caller_cancelled_while_it_runs_leaves_a_whole_transaction(store: Store) -> None:
    def slow(connection: Connection) -> None:
        ledger.add(connection, 1)
        pause(connection, 0.2)
        ledger.add(connection, 2)

    caller = asyncio.create_task(store.transact(slow))
    await asyncio.sleep(0.05)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await store.transact(ledger.add, 3)
    await asyncio.sleep(0.4)

    assert [await store.read(ledger.amount_of, account) for account in (1, 2, 3)] == [1, 1, 1]


async def test_a_caller_cancelled_while_it_waits_leaves_nothing(store_url: str) -> None:
    store = Store(StoreConfig(store_url, pool_size=1))
    await store.transact(ledger.create)
    running = [asyncio.create_task(store.transact(pause, 0.2)) for _ in range(2)]
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(store.transact(ledger.add, 1))
    await asyncio.sleep(0.05)

    waiting.cancel()
    await asyncio.gather(*running)

    assert waiting.cancelled()
    assert await store.read(ledger.amount_of, 1) == 0
    await store.close()


async def test_a_storm_of_cancellations_leaves_the_store_whole(store: Store) -> None:
    """F-09 for SQL, F-32: a thousand callers, most cancelled somewhere in the middle."""

    def both(connection: Connection, account: int) -> int:
        ledger.add(connection, account, 1)
        ledger.add(connection, account + 4, -1)
        return account

    async def caller(number: int) -> int | None:
        chance = random.Random(number)
        account = number % 4
        try:
            async with asyncio.timeout(chance.uniform(0, 0.5)):
                return await store.transact(both, account) - account
        except TimeoutError:
            return None

    answers = await asyncio.gather(*(caller(number) for number in range(1000)))

    assert {answer for answer in answers if answer is not None} <= {0}, "nobody got another's answer"
    for account in range(4):
        await store.transact(both, account)
    halves = [await store.read(ledger.amount_of, account) for account in range(8)]
    assert [up + down for up, down in zip(halves[:4], halves[4:], strict=True)] == [0] * 4
    assert sum(halves[:4]) >= sum(answer is not None for answer in answers) + 4
    assert store.waiting == 0


async def test_no_transaction_stays_open_after_a_storm(mariadb: MariaDB, mysql_url: str) -> None:
    store = Store(StoreConfig(mysql_url, pool_size=4))
    await store.transact(ledger.create)
    callers = [asyncio.create_task(store.transact(ledger.add, number % 8)) for number in range(300)]
    await asyncio.sleep(0.02)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    # As many at once as there are connections: each was given back.
    await asyncio.gather(*(store.transact(pause, 0.05) for _ in range(4)))

    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.innodb_trx")
        assert cursor.fetchone() == (0,)
    await store.close()


async def test_closing_waits_for_what_runs_and_refuses_what_comes(store_url: str) -> None:
    store = Store(StoreConfig(store_url))
    await store.transact(ledger.create)

    def slow(connection: Connection) -> str:
        pause(connection, 0.2)
        ledger.add(connection, 1)
        return "done"

    running = asyncio.create_task(store.transact(slow))
    await asyncio.sleep(0.05)
    await store.close()

    assert await running == "done"
    with pytest.raises(Unavailable):
        await store.transact(ledger.add, 1)


def test_it_runs_on_uvloop(store_url: str) -> None:
    async def story() -> int:
        store = Store(StoreConfig(store_url))
        await store.transact(ledger.create)
        await asyncio.gather(*(store.transact(ledger.add, number % 8) for number in range(50)))
        total = await store.read(ledger.total)
        await store.close()
        return total

    assert uvloop.run(story()) == 50
