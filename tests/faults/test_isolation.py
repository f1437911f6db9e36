"""Concurrent writers in two processes, whatever the database makes of reading before writing (F-19)."""

import asyncio
import itertools
from contextlib import suppress

import pytest

from clients import Channel, Raced, connect
from tests.faults.books import violations
from tests.faults.crowd import Memory
from tests.faults.ground import Ground
from tests.faults.stories import Call, bought, ordered, paying, send

MEMBERS = 3
PAYMENTS = 8
"""Of each member, all at once."""


@pytest.mark.usefixtures("snapshot_isolation")
async def test_writers_in_two_processes_lose_no_payment_and_no_update(mysql_land: Ground) -> None:
    land = mysql_land
    await land.restart()  # connections keep the mode in which they were opened
    other = await land.nursery.start(**land.settings(jobs=False))
    memories = [Memory(land.new_member()) for _ in range(MEMBERS)]
    async with connect(other.address) as second:
        channels = itertools.cycle([land.channel, second])
        payments = []
        for memory in memories:
            await bought(land.client, memory.member_id, "gold_7day")
            orders = [await ordered(land.client, memory.member_id, "gold_7day") for _ in range(PAYMENTS)]
            payments += [(memory, next(channels), paying(order)) for order in orders]
        await asyncio.gather(*(_insisted(*payment) for payment in payments))
    with land.engine.connect() as connection:
        assert list(violations(connection, memories)) == []
    assert {len(memory.answers) for memory in memories} == {PAYMENTS}


async def _insisted(memory: Memory, channel: Channel, call: Call) -> None:
    """Nothing but a lost race is an excuse to ask again."""
    while call.request.request_id not in memory.answers:
        with suppress(Raced):
            memory.answers[call.request.request_id] = await send(channel, call)
