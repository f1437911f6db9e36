"""Rules and oracle side by side until so many operations were applied to both, counted.

    python -m tests.unit.identity.long_run [--steps 1000000] [--seed 0]

Histories come in batches, each with the next seed, so that a run can go on elsewhere from where another one
ended. The first difference ends the run with a traceback and the shortest history that shows it.
"""

import argparse
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.strategies import Story, stories
from tests.unit.identity.comparing import Steps, compare

HISTORIES = 200
"""In a batch."""
SHORT, LONG = 14, 40
"""Most operations of a history: short ones see many catalogues, long ones see crowded lanes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000, help="operations to apply to both")
    parser.add_argument("--seed", type=int, default=0, help="of the first batch")
    asked = parser.parse_args()
    steps, number, began = Steps(), asked.seed, time.monotonic()
    while steps.total() < asked.steps:
        steps += batch(number)
        number += 1
        print(f"{steps.total():,} steps, {time.monotonic() - began:,.0f} s, next seed {number}", flush=True)
    for kind in sorted({kind for kind, _ in steps}):
        print(f"{kind:10} {steps[kind, True]:9,} accepted {steps[kind, False]:9,} refused")
    accepted = sum(count for (_, was_accepted), count in steps.items() if was_accepted)
    print(
        f"{steps.total():,} steps, all the same: {accepted:,} accepted, {steps.total() - accepted:,} refused"
    )


def batch(number: int) -> Steps:
    """The steps of one batch of histories. Raises AssertionError where rules and oracle differ."""
    steps = Steps()

    @seed(number)
    @settings(
        max_examples=HISTORIES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(stories(max_ops=LONG if number % 4 == 0 else SHORT))
    def look(story: Story) -> None:
        steps.update(compare(story))

    look()
    return steps


if __name__ == "__main__":
    main()
