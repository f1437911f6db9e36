"""Holds the gate's scripts against their model at length: `make gates`."""

import argparse
import sys
import time

from tests.gate.differential import compared
from tests.servers import Redis


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, make in (("valkey", Redis.valkey), ("redis", Redis.installed)):
        server = make()
        try:
            began = time.monotonic()
            tally = compared(server.start().url, arguments.steps, arguments.seed)
        finally:
            server.discard()
        seconds = time.monotonic() - began
        print(f"{name}: {tally.steps} steps in {seconds:.0f} s, {sum(tally.verdicts.values())} answers")
        for verdict, count in sorted(tally.verdicts.items()):
            print(f"  {verdict.name:<13}{count:>9}")
        if tally.complaints:
            print("\n".join(tally.complaints))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
