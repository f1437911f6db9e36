"""The oracle against examples worked out by hand from semantics.md 2.1, readings and R1 to R20 (F-29)."""

import pytest

from tests.oracle.oracle import Oracle
from tests.oracle.scenario import Scenario, play
from tests.oracle.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_oracle_answers_as_worked_out_by_hand(scenario: Scenario) -> None:
    play(scenario, Oracle(scenario.catalog))


def test_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
