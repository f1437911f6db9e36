"""Buyers who decide on what they read at the same moment, with nothing between them but the database."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from domain.shared.errors import DomainError, Raced
from servers.mesh.clock import Clock
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.group import Decided, Group, Work, run_group
from servers.store.attempt import write_once
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from servers.store.faults import Fault, fault_of
from servers.store.store import Store
from tests.contract.seckill.activities import a_reserve, opened, work_of
from tests.contract.seckill.conftest import OpenStore
from tests.contract.seckill.test_life import sound
from tests.contract.seckill.test_trouble import counted
from tests.fakes import FakeClock
from tests.migrated import have_tables
from tests.servers import MariaDB

WORKERS = 64
READS = "SELECT seckill_activity.content, seckill_activity.version"
MOVES_ON = "UPDATE seckill_activity"


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
def seckill_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database on each engine for all tests here: each has an activity of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('races')}/nectary.db"
    if request.param == "mysql":
        mariadb = request.getfixturevalue("mariadb")
        assert isinstance(mariadb, MariaDB)
        url = mariadb.create_database(f"races_{uuid4().hex}")
    have_tables(url)
    return url


@contextmanager
def meeting(engine: Engine, statement: str, parties: int) -> Iterator[None]:
    """Transactions wait for each other before this statement: all have read, and none has written."""
    barrier = threading.Barrier(parties, timeout=10)

    def meet(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        if text.startswith(statement):
            barrier.wait()

    event.listen(engine, "before_cursor_execute", meet)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", meet)


def attempt(engine: Engine, work: Work, clock: Clock) -> str:
    """What one run of one transaction came to."""
    try:
        [result] = write_once(engine, lambda connection: run_group(connection, Group([work]), clock))
    except Raced:
        return "RACED"
    except OperationalError as error:
        return "RACED" if fault_of(error) is Fault.RACED else repr(error)
    return "SOLD" if isinstance(result, Decided) else getattr(result, "reason", repr(result))


@pytest.mark.usefixtures("snapshot_isolation")
async def test_of_two_who_both_read_that_one_unit_is_left_one_writes(
    mysql_url: str, clock: FakeClock
) -> None:
    """I1, I3, rows 22 and 23: no lock is taken before reading, and none is needed."""
    have_tables(mysql_url)
    store = Store(StoreConfig(mysql_url))
    engine = blocking_engine(StoreConfig(mysql_url))
    for others in ("bob", "ann"):
        # Two members and the last unit; or one member's last unit, by two requests.
        activity = await opened(store, 1 if others == "bob" else 2)
        rivals = [a_reserve("ann", "one"), a_reserve(others, "two")]
        works = [work_of(activity, reserve) for reserve in rivals]
        with meeting(engine, MOVES_ON, 2), ThreadPoolExecutor(2) as threads:
            told = list(threads.map(lambda work: attempt(engine, work, clock), works))
        assert sorted(told) == ["RACED", "SOLD"]
        [loser] = [work for work, outcome in zip(works, told, strict=True) if outcome == "RACED"]
        again = attempt(engine, loser, clock)
        assert again == ("SOLD_OUT" if others == "bob" else "MEMBER_LIMIT_REACHED")
        assert sound(mysql_url, activity).held == 1
    engine.dispose()
    await store.close()


async def test_sixty_four_workers_sell_the_only_unit_once(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """I1, rows 1 and 23: each with a transaction of its own, and no turn."""
    stores = [open_store() for _ in range(8)]
    for _ in range(3):
        activity = await opened(stores[0], 1)
        workers = [Commits(stores[number % 8], clock, None, None) for number in range(WORKERS)]
        wanted = [a_reserve(f"m{number}") for number in range(WORKERS)]
        told = await asyncio.gather(
            *(outcome(worker, work_of(activity, one)) for worker, one in zip(workers, wanted, strict=True))
        )
        assert sorted(told) == ["SOLD", *["SOLD_OUT"] * (WORKERS - 1)]
        assert sound(seckill_url, activity).held == 1


async def outcome(worker: Commits, work: Work) -> str:
    try:
        await worker(work)
    except DomainError as refusal:
        return refusal.reason
    return "SOLD"


async def test_sixty_four_workers_lose_each_race_once_at_most(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """I2, I7, rows 6 and 7: nobody is refused for a lost race, and no storm of retries comes of it."""
    stores = [open_store() for _ in range(8)]
    activity = await opened(stores[0], 200)

    async def buys(number: int) -> list[str]:
        worker = Commits(stores[number % 8], clock, None, None)
        members = [f"m{number}-{turn}" for turn in range(4)]
        return [await outcome(worker, work_of(activity, a_reserve(member))) for member in members]

    with counted() as statements:
        told = list(chain.from_iterable(await asyncio.gather(*map(buys, range(WORKERS)))))
    assert (told.count("SOLD"), told.count("SOLD_OUT")) == (200, 56)
    assert sound(seckill_url, activity).held == 200
    reads = [one for one in statements if one.startswith(READS)]
    again = [one for one in reads if one.endswith("FOR UPDATE")]
    assert len(reads) - len(again) == len(told), "each begins once"
    assert len(again) <= len(told), "and once more at most, when nobody can be faster"


async def test_baskets_and_single_units_leave_nothing_at_the_end(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """I2, row 5: a basket that finds too little takes nothing for a moment either."""
    processes = [Commits(open_store(), clock, None, None) for _ in range(3)]
    activity = await opened(open_store(), 31, member_limit=3)
    baskets = [a_reserve(f"basket-{number}", quantity=3) for number in range(20)]
    singles = [a_reserve(f"single-{number}") for number in range(40)]
    mixed = chain.from_iterable(zip(baskets, singles[::2], singles[1::2], strict=True))
    told = await asyncio.gather(
        *(outcome(processes[number % 3], work_of(activity, one)) for number, one in enumerate(mixed))
    )
    assert set(told) == {"SOLD", "SOLD_OUT"}
    assert sound(seckill_url, activity).held == 31
