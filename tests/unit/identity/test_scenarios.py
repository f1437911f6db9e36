"""Every worked example of `semantics.md`, by hand, against the real rules (F-29)."""

import pytest

from tests.oracle.scenario import Scenario, play
from tests.oracle.scenarios import SCENARIOS
from tests.unit.identity.subject import Subject


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_rules_give_what_was_worked_out_by_hand(scenario: Scenario) -> None:
    play(scenario, Subject(scenario.catalog))
