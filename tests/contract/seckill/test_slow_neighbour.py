"""One activity cannot be sold for a while, beside others that can (row 28)."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import pytest

from domain.seckill.activity import Activity
from tests.contract.seckill.processes import Process, opened_now, processes
from tests.contract.seckill.test_life import members, sound
from tests.migrated import have_tables
from tests.servers import MariaDB, Redis

OTHERS = 10
LOCKED_SECONDS = 1.0
CROWD = 64

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def process(mysql_url: str, valkey: Redis) -> AsyncIterator[Process]:
    have_tables(mysql_url)
    async with processes(mysql_url, valkey.url) as [one]:
        yield one


@contextmanager
def locked(mariadb: MariaDB, mysql_url: str, activity: Activity) -> Iterator[None]:
    """Somebody else has the activity's row."""
    with mariadb.connect(mysql_url.rsplit("/", 1)[1]) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        query = "SELECT 1 FROM seckill_activity WHERE activity_id = %s FOR UPDATE"
        cursor.execute(query, [activity.activity_id])
        yield
        other.rollback()


async def waits(process: Process, activities: Sequence[Activity], prefix: str, seconds: float) -> list[float]:
    """How long each buyer waited, of whom one comes after the other to each activity for so long."""

    async def queue(activity: Activity) -> list[float]:
        found: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(found) < 10:
            began = time.monotonic()
            await process.reserve(activity, f"{prefix}{len(found)}")
            found.append(time.monotonic() - began)
        return found

    return list(chain.from_iterable(await asyncio.gather(*map(queue, activities))))


def p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]


async def test_an_activity_whose_row_is_locked_for_a_second_slows_no_other(
    process: Process, mysql_url: str, mariadb: MariaDB
) -> None:
    """I7: nobody but its own buyers waits for that row, and they wait for nothing else."""
    slow = await opened_now(process, CROWD)
    others = [await opened_now(process, 100_000) for _ in range(OTHERS)]
    usual = await waits(process, others, "before", LOCKED_SECONDS / 2)
    with locked(mariadb, mysql_url, slow):
        crowd = asyncio.create_task(process.crowd(slow, members(CROWD)))
        meanwhile = await waits(process, others, "meanwhile", LOCKED_SECONDS)
        assert not crowd.done()
    orders, refusals = await crowd
    assert (len(orders), refusals) == (CROWD, [])
    assert sound(mysql_url, slow).held == CROWD
    # Of the same order, whatever else the machine does; one that waited for the row took a second at least.
    assert p99(meanwhile) < max(10 * p99(usual), LOCKED_SECONDS)
