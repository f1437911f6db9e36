"""The scripts against the model, step by step over random histories."""

from collections import Counter
from dataclasses import dataclass, field

from domain.seckill.gate import Verdict
from domain.shared.instants import SECOND
from tests.gate.histories import history
from tests.gate.model import Modelled
from tests.gate.under_test import ScriptsUnderTest, differences

STEPS_A_HISTORY = 1_000


@dataclass
class Tally:
    """What was seen, so that a comparison of nothing is not taken for agreement."""

    steps: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)


def compared(url: str, steps: int, seed: int) -> Tally:
    """Ends at the first difference."""
    tally = Tally()
    while tally.steps < steps and not tally.complaints:
        number = seed * 1_000_000 + tally.steps // STEPS_A_HISTORY
        _compare(url, number, min(STEPS_A_HISTORY, steps - tally.steps), tally)
    return tally


def _compare(url: str, seed: int, steps: int, tally: Tally) -> None:
    ahead = (seed % 3) * 5 * SECOND
    scripts, model = ScriptsUnderTest(url, ahead), Modelled(ahead)
    for step, real in history(seed, steps):
        stamps = dict(model.stamps)
        said, expected = scripts.do(step, real, stamps), model.do(step, real)
        tally.steps += 1
        tally.kinds[f"{type(step).__name__} {said if isinstance(said, bool) else ''}"] += 1
        if isinstance(said, list):
            tally.verdicts.update(answer.verdict for answer in said)
        found = differences(scripts, model.gate)
        if said != expected:
            found.append(f"said {said}, not {expected}")
        if found:
            tally.complaints += [f"history {seed}, {step}: {one}" for one in found]
            break
    scripts.close()
