"""What the benchmarks of Seckill print of their rounds, beside what they aim at."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.loadgen.journal import Answer, percentiles
from benchmarks.measuring.rounds import ROUNDS, Spread
from benchmarks.measuring.table import number, ranged, table
from benchmarks.selling.sale import Run

Runs = Mapping[str, Sequence[Run]]
"""By contender, one a round."""
Figure = Callable[[Run], float]


def rate(run: Run) -> float:
    """Answers a second."""
    return len(run.journal) / run.journal.seconds


def sold_rate(run: Run) -> float:
    """Units sold a second, from the first call to the last success."""
    return len(run.sold) / run.last_sale if run.sold else 0.0


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int = ROUNDS
    part: int = 1
    """Of everything only one of so many."""


def size_asked(doc: str | None) -> Size:
    """All of it, or with --quick a tenth, once: does it run at all."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth, one round: does it run at all")
    return Size(1, 10) if parser.parse_args().quick else Size()


def interleaved(contenders: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
    """Contenders take turns; before several rounds goes one to warm up, which is not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(int(rounds == 1), rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            print(f"  round {turn} of {rounds}: {name}", file=sys.stderr, flush=True)
            run = contenders[name]()
            if turn:
                runs[name].append(run)
    return runs


def spread(runs: Sequence[Run], figure: Figure) -> Spread:
    return Spread.of([figure(run) for run in runs])


def ratio(runs: Sequence[Run], baseline: Sequence[Run], figure: Figure) -> Spread:
    """Round by round: what lasts longer than a round cancels."""
    return Spread.of([figure(one) / figure(other) for one, other in zip(runs, baseline, strict=True)])


def cost_table(runs: Runs) -> None:
    """Rates, and CPU time of a call in every process."""
    rows = []
    for name, mine in runs.items():
        figures: Sequence[Figure] = (
            lambda run: run.server_seconds / len(run.journal) * 1e6,
            lambda run: run.stores.database_seconds / len(run.journal) * 1e6,
            lambda run: run.stores.redis_seconds / len(run.journal) * 1e6,
            lambda run: run.journal.cpu_us,
        )
        medians = [number(spread(mine, figure).median) for figure in figures]
        rows.append([name, ranged(spread(mine, rate)), *medians])
    columns = ["CPU us a call", "answers/s (range)", "server", "MariaDB", "Redis", "client"]
    table(columns, rows)


def latency_table(runs: Runs, kinds: Mapping[str, Callable[[Run], Sequence[Answer]]]) -> None:
    """p50, p99 and p99.9 in milliseconds of each kind of answers, medians over the rounds."""
    rows = []
    for name, mine in runs.items():
        for kind, chosen in kinds.items():
            each = [percentiles(answers) for run in mine if (answers := list(chosen(run)))]
            if each:
                cells = [number(Spread.of([one[place] * 1e3 for one in each]).median) for place in range(3)]
                rows.append([f"{name}, {kind}", *cells])
    table(["ms", "p50", "p99", "p99.9"], rows)
