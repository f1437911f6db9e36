"""Processes whose clocks are wrong: the database's and the gate's decide when a sale opens and closes."""

from collections.abc import Coroutine
from typing import Any

import pytest

from domain.shared.errors import DomainError
from domain.shared.instants import HOUR, MINUTE, Instant
from servers.mesh.clock import SystemClock
from tests.contract.seckill.activities import a_reserve, work_of
from tests.contract.seckill.processes import CLOCK, opened_now, processes
from tests.contract.seckill.test_life import sound
from tests.migrated import have_tables
from tests.servers import Redis


class WrongClock(SystemClock):
    """Of a machine that nobody sets right."""

    def __init__(self, off: int) -> None:
        super().__init__()
        self._off = off

    def now(self) -> Instant:
        return super().now() + self._off


async def told(asked: Coroutine[Any, Any, object]) -> str:
    try:
        await asked
    except DomainError as refusal:
        return refusal.reason
    return "SOLD"


@pytest.mark.parametrize("off", [HOUR, -HOUR], ids=["ahead", "behind"])
async def test_a_process_whose_clock_is_an_hour_off_opens_and_closes_with_all_others(
    mysql_url: str, valkey: Redis, off: int
) -> None:
    """SK-6, I1, row 29: two seconds, or an hour. SQLite's processes share one clock, and cannot differ."""
    have_tables(mysql_url)
    now = CLOCK.now()
    windows = {
        "SOLD": (now - 30 * MINUTE, now + 30 * MINUTE),
        "NOT_OPEN_YET": (now + 30 * MINUTE, now + 90 * MINUTE),
        "ACTIVITY_CLOSED": (now - 90 * MINUTE, now - 30 * MINUTE),
    }
    async with processes(mysql_url, valkey.url, clock=WrongClock(off)) as [process]:
        for answer, (opens, closes) in windows.items():
            activity = await opened_now(process, 5, opens=opens, closes=closes)
            assert await told(process.reserve(activity, "ann")) == answer
            # Past the gate, as if there were none.
            assert await told(process.commits(work_of(activity, a_reserve("bob")))) == answer
            orders = sound(mysql_url, activity).orders
            assert len(orders) == (2 if answer == "SOLD" else 0)
            assert all(abs(row["reserved_time"] - now) < 10 * MINUTE for row in orders)
