"""kill -9 while a crowd buys, pays and cancels: nothing is lost (rows 8, 9; CP1 to CP9, I1 to I8)."""

import pytest

from tests.faults.sale_ground import SaleGround
from tests.faults.sale_load import sale_killed_under_load

KILLS = 4
"""Here; two hundred in `make kills`."""


@pytest.mark.timeout(300)
async def test_a_server_killed_again_and_again_while_it_sells_keeps_its_books(sale_land: SaleGround) -> None:
    toll = await sale_killed_under_load(sale_land, KILLS)
    assert toll.violations == []
    assert toll.answered > KILLS
