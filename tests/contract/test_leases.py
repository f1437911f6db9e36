"""One holder for each job: the lease itself, and the runner that keeps it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection

from domain.shared.errors import Raced
from domain.shared.instants import SECOND
from servers.mesh.clock import SystemClock
from servers.mesh.endings import end
from servers.store.config import StoreConfig
from servers.store.jobs import Jobs
from servers.store.leases import Lease, LeaseLost, acquire
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.contract import ledger
from tests.fakes import EPOCH, FakeClock
from tests.servers import MariaDB
from tests.toxics import Proxy, toxic_proxy

TTL = 10 * SECOND


async def take(store: Store, tables: ServiceTables, holder: str, now: int) -> Lease | None:
    return await store.transact(acquire, tables.lease, "job", holder, now=now, until=now + TTL)


async def test_a_held_lease_is_not_given_to_another(store: Store, tables: ServiceTables) -> None:
    first = await take(store, tables, "a", EPOCH)

    assert first is not None
    assert await take(store, tables, "b", EPOCH + TTL - 1) is None
    assert await take(store, tables, "a", EPOCH) is None, "nor twice to the same"


async def test_an_expired_lease_moves_and_its_fence_grows(store: Store, tables: ServiceTables) -> None:
    first = await take(store, tables, "a", EPOCH)
    second = await take(store, tables, "b", EPOCH + TTL)

    assert first is not None
    assert second is not None
    assert second.fence == first.fence + 1
    assert not await store.transact(first.renew, EPOCH + 3 * TTL)
    assert await store.transact(second.renew, EPOCH + 3 * TTL)


async def test_a_renewed_lease_lasts_longer(store: Store, tables: ServiceTables) -> None:
    first = await take(store, tables, "a", EPOCH)
    assert first is not None
    assert await store.transact(first.renew, EPOCH + 2 * TTL)

    assert await take(store, tables, "b", EPOCH + TTL) is None


async def test_a_released_lease_is_free_at_once_and_its_fence_still_grows(
    store: Store, tables: ServiceTables
) -> None:
    first = await take(store, tables, "a", EPOCH)
    assert first is not None
    await store.transact(first.release, EPOCH)
    second = await take(store, tables, "b", EPOCH)

    assert second is not None
    assert second.fence > first.fence


async def test_of_a_crowd_exactly_one_gets_the_lease(store: Store, tables: ServiceTables) -> None:
    async def attempt(number: int) -> Lease | None:
        try:
            return await take(store, tables, f"holder-{number}", EPOCH)
        except Raced:
            return None

    leases = await asyncio.gather(*(attempt(number) for number in range(20)))

    assert sum(lease is not None for lease in leases) == 1


async def test_who_lost_the_lease_can_write_nothing_more(store: Store, tables: ServiceTables) -> None:
    await store.transact(ledger.create)
    first = await take(store, tables, "a", EPOCH)
    await take(store, tables, "b", EPOCH + TTL)
    assert first is not None

    def late(connection: Connection) -> None:
        ledger.add(connection, 1)
        first.confirm(connection)

    with pytest.raises(LeaseLost):
        await store.transact(late)
    assert await store.read(ledger.amount_of, 1) == 0


def some_jobs(store: Store, tables: ServiceTables, ttl_seconds: float = 0.3) -> Jobs:
    return Jobs(store, tables.lease, SystemClock(), ttl_seconds=ttl_seconds)


class Recorder:
    """A job that notes who runs when."""

    def __init__(self) -> None:
        self.running = 0
        self.most_at_once = 0
        self.fences: list[int] = []
        self.started = asyncio.Event()

    async def __call__(self, lease: Lease) -> None:
        self.fences.append(lease.fence)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.running -= 1


async def test_of_two_processes_one_runs_the_job_and_the_other_follows(
    store: Store, tables: ServiceTables
) -> None:
    recorder = Recorder()
    one, two = some_jobs(store, tables), some_jobs(store, tables)

    async with one.run_under_lease("job", recorder):
        await recorder.started.wait()
        async with two.run_under_lease("job", recorder):
            await asyncio.sleep(0.8)
            assert recorder.fences == [1], "renewals hold it longer than its time to live"
    assert recorder.running == 0

    recorder.started.clear()
    async with two.run_under_lease("job", recorder):
        await asyncio.wait_for(recorder.started.wait(), 2)
    assert recorder.fences == [1, 2]
    assert recorder.most_at_once == 1


async def test_a_job_whose_holder_fell_silent_is_taken_over(store: Store, tables: ServiceTables) -> None:
    recorder = Recorder()
    dead = await store.transact(
        acquire, tables.lease, "job", "dead", now=0, until=SystemClock().now() + SECOND // 2
    )
    assert dead is not None

    async with some_jobs(store, tables).run_under_lease("job", recorder):
        await asyncio.wait_for(recorder.started.wait(), 3)

    assert recorder.fences == [2]


async def test_a_job_that_lost_its_lease_is_cancelled(store: Store, tables: ServiceTables) -> None:
    recorder = Recorder()
    clock = FakeClock()
    jobs = Jobs(store, tables.lease, clock, ttl_seconds=0.3)

    async with jobs.run_under_lease("job", recorder):
        await recorder.started.wait()
        thief = await store.transact(
            acquire, tables.lease, "job", "thief", now=EPOCH + SECOND, until=EPOCH + SECOND * 10**6
        )
        assert thief is not None
        await asyncio.sleep(0.5)
        assert recorder.running == 0
        assert recorder.fences == [1]


async def test_a_job_that_raises_or_returns_is_run_again(store: Store, tables: ServiceTables) -> None:
    runs = asyncio.Semaphore(0)
    count = 0

    async def sometimes_fails(_lease: Lease) -> None:
        nonlocal count
        count += 1
        runs.release()
        if count % 2:
            raise ValueError("a bug")

    async with some_jobs(store, tables).run_under_lease("job", sometimes_fails, every_seconds=0.01):
        for _ in range(5):
            await asyncio.wait_for(runs.acquire(), 2)


async def test_a_task_that_missed_its_cancellation_is_ended_all_the_same() -> None:
    async def deaf_once() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)

    await asyncio.wait_for(end(task), 5)


@pytest.fixture
async def cut_off(mariadb: MariaDB, mysql_url: str) -> AsyncIterator[tuple[Store, Proxy]]:
    async with toxic_proxy(mariadb.port) as proxy:
        url = mariadb.url(mysql_url.rsplit("/", 1)[1], proxy.port)
        store = Store(StoreConfig(url, connect_seconds=1, transaction_seconds=0.5))
        yield store, proxy
        proxy.clear()
        await store.close()


async def test_a_job_that_cannot_renew_stops_before_another_may_begin(
    cut_off: tuple[Store, Proxy], undeployed_tables: ServiceTables
) -> None:
    store, proxy = cut_off
    await store.transact(undeployed_tables.lease.create)
    recorder = Recorder()

    async with some_jobs(store, undeployed_tables, ttl_seconds=0.9).run_under_lease("job", recorder):
        await recorder.started.wait()
        proxy.mute()
        await asyncio.sleep(1.2)
        assert recorder.running == 0
        proxy.clear()
