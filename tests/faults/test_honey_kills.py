"""kill -9 at the steps of a write of points: it never happened, or it happened once (F-01, HO-11)."""

import uuid
from collections.abc import AsyncIterator

import pytest

from tests.faults.honey_crowd import earners, forgotten_or_twice, open_shops
from tests.faults.honey_ground import HoneyGround, honey_ground
from tests.faults.honey_jobs import DueRounds, OrderRounds
from tests.faults.honey_stories import HONEY_STORIES, Prepare
from tests.faults.kill_points import COMMITTED
from tests.faults.load_rounds import MEMBERS, killed_under_load
from tests.faults.process import Nursery
from tests.faults.rounds import Fate, StoryRounds
from tests.servers import MariaDB, Redis

pytestmark = pytest.mark.timeout(300)

STEP = 8
"""Of a job: it has not come to its COMMIT."""
KILLS = 4
"""Under load, here; two hundred in `make kills`."""


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
async def honey_land(
    request: pytest.FixtureRequest, valkey: Redis, servers: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[HoneyGround]:
    """A database on each engine in turn, with a server; shared by the tests of the module."""
    folder = tmp_path_factory.mktemp("honey")
    url = f"sqlite:///{folder}/nectary.db"
    if request.param == "mysql":
        mariadb = request.getfixturevalue("mariadb")
        assert isinstance(mariadb, MariaDB)
        url = mariadb.create_database(f"honey_{uuid.uuid4().hex}")
    async with honey_ground(url, valkey.url, servers, folder) as made:
        yield made


@pytest.mark.parametrize("story", HONEY_STORIES, ids=lambda story: story.__name__)
async def test_points_move_once_or_never(honey_land: HoneyGround, story: Prepare) -> None:
    """On its way and after its COMMIT here; at all of them by `make kills`."""
    rounds = StoryRounds(honey_land, story)
    steps = await rounds.unharmed()
    assert steps[-1] == COMMITTED
    for number in (len(steps) // 2, len(steps)):
        assert (await rounds.killed_at(number)).violations == []


async def test_what_is_due_in_several_wallets_happens_once(honey_land: HoneyGround) -> None:
    """HO-11: at one step here, at all of them by `make kills`."""
    result = await DueRounds(honey_land).killed_at(STEP)
    assert result.violations == []
    assert result.fate is Fate.NEVER


async def test_orders_of_others_that_a_dead_job_took_count_once(honey_land: HoneyGround) -> None:
    """HO-4: between what it reads and its COMMIT, and behind it, here; at all steps by `make kills`."""
    rounds = OrderRounds(honey_land)
    on_its_way, behind = await rounds.killed_at(STEP), await rounds.killed_before_it_acknowledges()
    assert on_its_way.violations == behind.violations == []
    assert (on_its_way.fate, behind.fate) == (Fate.NEVER, Fate.ONCE)


async def test_a_server_of_honey_killed_under_load_keeps_its_books(honey_land: HoneyGround) -> None:
    await open_shops(honey_land.client)
    toll = await killed_under_load(honey_land, earners(MEMBERS, seed=1), forgotten_or_twice, KILLS)
    assert toll.violations == []
    assert toll.answered > KILLS
