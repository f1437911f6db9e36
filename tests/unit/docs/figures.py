"""Timelines drawn as bars, from the worked examples that the rules are tested with."""

from datetime import time

from tests.oracle.local_time import wall
from tests.oracle.scenario import Scenario
from tests.oracle.scenarios import SCENARIOS

WIDTH = 40
"""Columns from the first start to the last end."""


def drawn(name: str) -> str:
    """The timeline that a worked example ends with: a row for each placed piece of time."""
    scenario = next(one for one in SCENARIOS if one.name == name)
    lanes = scenario.expected()
    begin = min(start for lane in lanes for _, start, _ in lane)
    length = max(end for lane in lanes for _, _, end in lane) - begin
    longest = max(len(term) for lane in lanes for term, _, _ in lane)
    rows = []
    for number, lane in enumerate(lanes, start=1):
        for turn, (term, start, end) in enumerate(lane):
            label = f"lane {number}" if turn == 0 else ""
            left, right = ((moment - begin) * WIDTH // length for moment in (start, end))
            bar = " " * left + "█" * max(right - left, 1)
            times = f"{_shown(start, scenario)} → {_shown(end, scenario)}"
            rows.append(f"{label:8}{term:{longest}} {bar:{WIDTH}} {times}")
    return "\n".join(rows) + "\n"


def _shown(instant: int, scenario: Scenario) -> str:
    moment = wall(instant, scenario.zone)
    return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%d %H:%M}"
