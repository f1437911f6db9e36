"""However many look at an activity, the database is asked once a second (SK-7)."""

import asyncio

import pytest

from domain.seckill.activity import Standing
from domain.seckill.refusals import activity_not_found
from domain.shared.errors import NotFound
from servers.seckill.glances import Glances
from tests.unit.seckill.histories import an_activity

SALE = "gold_sale"


class Counted:
    """Answers after a moment, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.exists = True

    async def standing(self, activity_id: str) -> Standing:
        self.asked += 1
        await asyncio.sleep(0.01)
        if not self.exists:
            raise activity_not_found(activity_id)
        return Standing(an_activity(), {1: self.asked}, 0)


@pytest.fixture
def database() -> Counted:
    return Counted()


@pytest.fixture
def look(database: Counted) -> Glances:
    return Glances(database)  # type: ignore[arg-type]  # of all that Activities does, it looks alone


async def test_a_thousand_who_look_at_once_are_one_look(look: Glances, database: Counted) -> None:
    seen = await asyncio.gather(*(look(SALE) for _ in range(1_000)))
    assert (database.asked, {one.total_taken for one in seen}) == (1, {1})


async def test_what_was_seen_is_seen_again_until_it_is_old(database: Counted) -> None:
    short = Glances(database, fresh_seconds=0.2)  # type: ignore[arg-type]  # as above
    assert [(await short(SALE)).total_taken for _ in range(3)] == [1, 1, 1]
    await asyncio.sleep(0.2)
    assert (await short(SALE)).total_taken == 2


async def test_one_who_goes_away_ends_it_for_nobody_else(look: Glances, database: Counted) -> None:
    first, second = asyncio.create_task(look(SALE)), asyncio.create_task(look(SALE))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).total_taken == 1


async def test_a_failure_is_not_remembered(look: Glances, database: Counted) -> None:
    database.exists = False
    with pytest.raises(NotFound, match="there is no such activity"):
        await look(SALE)
    database.exists = True
    assert (await look(SALE)).total_taken == 2
