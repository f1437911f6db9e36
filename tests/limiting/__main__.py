"""Holds the limiter's script against its model and against an exact log, step by step.

    python -m tests.limiting [--steps STEPS] [--seed SEED] [--server redis|valkey]

Histories are random and malicious: they straddle windows, come back on the boundary, split costs, take
refunds, step the clock and change the limits. Exit status 1 if anything disagreed.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from tests.limiting.differential import Tally, compared
from tests.limiting.under_test import ScriptUnderTest
from tests.servers import Redis

SERVERS = {"redis": Redis.installed, "valkey": Redis.valkey}
STEPS = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.limiting", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="in all, over both servers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", choices=SERVERS, action="append", help="only this one; both if not given")
    options = parser.parse_args(arguments)
    chosen = options.server or list(SERVERS)
    violations: list[str] = []
    for number, name in enumerate(chosen):
        began = time.monotonic()
        tally = _run(name, options.steps // len(chosen), options.seed + number)
        _report(name, tally, time.monotonic() - began)
        violations += tally.violations
    print("\n".join(violations[:10]))
    return bool(violations)


def _run(name: str, steps: int, seed: int) -> Tally:
    server = SERVERS[name]().start()
    try:
        script = ScriptUnderTest(server.url)
        tally = compared(script, steps, seed)
        script.close()
        return tally
    finally:
        server.discard()


def _report(name: str, tally: Tally, seconds: float) -> None:
    for kind, steps in tally.steps.items():
        print(f"{name:7} {kind:20} {steps:>9,} steps")
    print(
        f"{name:7} {tally.steps.total():,} steps, {tally.admitted:,} admitted, {tally.refused:,} refused, "
        f"{tally.promises:,} hints put to the test, {len(tally.violations)} violations, {seconds:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
