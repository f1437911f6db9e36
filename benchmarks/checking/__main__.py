"""Holds a sale against I1 to I8. Exit status 1 if anything breaks one.

python -m benchmarks.checking --store URL [--redis URL] [--watched ACTIVITY ...] --log FILE ...
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.checking.answers import i4, i5, i7
from benchmarks.checking.evidence import Evidence, Violation
from benchmarks.checking.gate import read_gates
from benchmarks.checking.replica import i6
from benchmarks.checking.rows import read_rows
from benchmarks.checking.said import read_logs
from benchmarks.checking.stock import i1, i2, i3, i8

INVARIANTS: Mapping[str, Callable[[Evidence], Iterator[Violation]]] = {
    "I1": i1,
    "I2": i2,
    "I3": i3,
    "I4": i4,
    "I5": i5,
    "I6": i6,
    "I7": i7,
    "I8": i8,
}
PATIENCE_SECONDS = 5.0
"""Within this long of rest every claim is an order or has gone back, and the gate knows of every order."""
PAUSE_SECONDS = 0.2
SHOWN = 20
"""Of each invariant."""


def violations(evidence: Evidence) -> Iterator[Violation]:
    """All of them."""
    for check in INVARIANTS.values():
        yield from check(evidence)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", required=True, help="mysql://… or sqlite:///…")
    parser.add_argument("--redis", help="redis://…; without it I6 is not looked at")
    parser.add_argument(
        "--watched", action="append", default=[], help="an activity all of whose clients logged"
    )
    parser.add_argument("--log", action="append", type=Path, default=[], help="what clients were told")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE_SECONDS, help="seconds that the gate may take to be right"
    )
    given = parser.parse_args()
    log, watched = read_logs(given.log), frozenset(given.watched)
    end = time.monotonic() + given.patience
    while True:
        gates = read_gates(given.redis) if given.redis else ()
        evidence = Evidence(read_rows(given.store), gates, log, watched)
        if time.monotonic() > end or next(i6(evidence), None) is None:
            return report(evidence)
        time.sleep(PAUSE_SECONDS)


def report(evidence: Evidence) -> int:
    """Says what was looked at, and what is broken."""
    rows, log = evidence.rows, evidence.log
    print(f"{len(rows.orders)} orders, {len(evidence.gates)} gates")
    print(f"{len(log.said)} answers, {len(log.found)} results")
    shown: Counter[str] = Counter()
    for violation in violations(evidence):
        shown[violation.invariant] += 1
        if shown[violation.invariant] <= SHOWN:
            print(violation)
    for invariant, count in shown.items():
        if count > SHOWN:
            print(f"{invariant}: {count - SHOWN} more")
    print("BROKEN: " + ", ".join(shown) if shown else "I1 to I8 hold")
    return 1 if shown else 0


if __name__ == "__main__":
    sys.exit(main())
