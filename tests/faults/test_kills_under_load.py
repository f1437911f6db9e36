"""kill -9 while a crowd is at work: nothing acknowledged is lost, nothing is half done (F-01, G4 to G7)."""

import pytest

from tests.faults.books import violations
from tests.faults.ground import Ground
from tests.faults.load_rounds import MEMBERS, killed_under_load
from tests.faults.shoppers import shoppers

KILLS = 6
"""Here; two hundred in `make kills`."""


@pytest.mark.timeout(300)
async def test_a_server_killed_again_and_again_under_load_keeps_its_books(land: Ground) -> None:
    toll = await killed_under_load(land, shoppers(MEMBERS, seed=1), violations, KILLS)
    assert toll.violations == []
    assert toll.answered > KILLS
