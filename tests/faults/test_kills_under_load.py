"""kill -9 while a crowd is at work: nothing acknowledged is lost, nothing is half done (F-01, G4 to G7)."""

import pytest

from tests.faults.ground import Ground
from tests.faults.load_rounds import killed_under_load

KILLS = 6
"""Here; two hundred in `make kills`."""


@pytest.mark.timeout(300)
async def test_a_server_killed_again_and_again_under_load_keeps_its_books(land: Ground) -> None:
    toll = await killed_under_load(land, KILLS)
    assert toll.violations == []
    assert toll.answered > KILLS
