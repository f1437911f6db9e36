"""Everybody at once, on connections that are new or few: each call has its answer (rows 25 and 27)."""

import asyncio
from collections.abc import Sequence

import pytest

from benchmarks.loadgen.driver import drive
from benchmarks.loadgen.journal import Journal
from benchmarks.loadgen.plan import Call, Closed, Plan
from benchmarks.loadgen.status import OK
from benchmarks.selling.offers import calls, wishes
from tests.faults.process import Nursery
from tests.faults.sale_ground import SaleGround

BUYERS, STOCK = 2_000, 200
IN_FLIGHT = 1_000
DEADLINE_SECONDS = 60.0
SOLD_OUT = "SOLD_OUT"
AT_THE_DOOR = {"THROTTLED", "OVERLOADED"}
"""More calls at once than the server takes: come again."""

pytestmark = pytest.mark.timeout(300)


async def driven(
    address: str, wanted: Sequence[Call], in_flight: int, connections: int, *, at_once: bool = False
) -> Journal:
    pace = Closed(in_flight)
    return await asyncio.to_thread(
        drive, Plan(address, wanted, pace, connections, at_once, deadline_seconds=DEADLINE_SECONDS)
    )


def reasons(journal: Journal) -> set[str]:
    return {status.reason for status in journal.statuses if status != OK}


async def test_two_thousand_new_connections_in_one_instant_are_all_answered(
    sale_land: SaleGround, servers: Nursery
) -> None:
    """I2, I7, row 27: none is lost; whoever was turned away at the door comes again, and all is sold."""
    land = sale_land
    server = await servers.start(**land.settings(jobs=True), max_connections=2 * BUYERS)
    activity_id = await land.opened(STOCK)
    waiting = calls(wishes(activity_id, BUYERS))
    journal = await driven(server.address, waiting, BUYERS, BUYERS, at_once=True)
    assert journal.connections_lost == 0
    sold = 0
    while True:
        assert reasons(journal) <= {SOLD_OUT, *AT_THE_DOOR}
        sold += journal.counts()[OK]
        waiting = [
            call
            for call, status in zip(waiting, journal.statuses, strict=True)
            if status.reason in AT_THE_DOOR
        ]
        if not waiting:
            break
        journal = await driven(server.address, waiting, 64, 4)
    server.kill()
    assert sold == land.books(activity_id).held == STOCK
    assert await land.amiss(activity_id) == []


async def test_a_thousand_calls_under_way_wait_for_connections_and_do_not_fail(
    sale_land: SaleGround, servers: Nursery
) -> None:
    """I4, I7, row 25: neither Redis nor the database has as many connections."""
    land = sale_land
    server = await servers.start(**land.settings(jobs=True), max_calls=2 * IN_FLIGHT)
    activity_id = await land.opened(STOCK)
    wanted = calls(wishes(activity_id, BUYERS))
    journal = await driven(server.address, wanted, IN_FLIGHT, 20)
    server.kill()
    assert reasons(journal) == {SOLD_OUT}
    assert journal.counts()[OK] == land.books(activity_id).held == STOCK
    assert await land.amiss(activity_id) == []
