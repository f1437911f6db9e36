"""kill -9 at the steps of a write: it never happened, or it happened once (F-01)."""

import pytest

from tests.faults.ground import Ground
from tests.faults.kill_points import COMMITTED
from tests.faults.rounds import Fate, StoryRounds
from tests.faults.stories import STORIES, Prepare, payment

pytestmark = pytest.mark.timeout(300)
OTHERS = [story for story in STORIES if story is not payment]


async def test_a_payment_killed_at_any_step_never_happened_or_happened_once(land: Ground) -> None:
    rounds = [each async for each in StoryRounds(land, payment).every_step()]
    assert [each.violations for each in rounds if each.violations] == []
    assert {each.fate for each in rounds} == {Fate.NEVER, Fate.ONCE}


@pytest.mark.parametrize("story", OTHERS, ids=lambda story: story.__name__)
async def test_another_write_killed_on_its_way_never_happened_or_happened_once(
    land: Ground, story: Prepare
) -> None:
    """At three steps here; at all of them by `make kills`."""
    rounds = StoryRounds(land, story)
    steps = await rounds.unharmed()
    assert steps[-1] == COMMITTED
    for number in (len(steps) // 2, len(steps) - 1, len(steps)):
        assert (await rounds.killed_at(number)).violations == []
