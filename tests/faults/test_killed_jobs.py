"""kill -9 of background jobs on their way: their work has its effect exactly once (F-02, ID-14)."""

import pytest

from tests.faults.ground import Ground
from tests.faults.job_rounds import AnnouncerRounds, RelayRounds, every_step

pytestmark = pytest.mark.timeout(300)


async def test_a_relay_killed_on_its_way_repeats_events_and_no_effect(land: Ground) -> None:
    """F-02, at each third step, and between publishing and marking, where it repeats itself.

    `make kills` takes all steps; each third may miss that one, for other jobs take steps in between.
    """
    relay = RelayRounds(land)
    rounds = [each async for each in every_step(relay, stride=3)]
    rounds.append(await relay.killed_before_it_marks())
    assert [each.violations for each in rounds if each.violations] == []
    assert relay.repeated > 0


async def test_an_announcer_killed_at_any_step_announces_once(land: Ground) -> None:
    rounds = [each async for each in every_step(AnnouncerRounds(land))]
    assert [each.violations for each in rounds if each.violations] == []
