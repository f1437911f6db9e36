"""Contenders take turns, so that whatever else the machine does meets all of them alike."""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Sample:
    """One contender in one round."""

    calls: int
    seconds: float
    cpu_seconds: float
    """Of the process under test alone."""
    database_seconds: float = 0.0
    """CPU time of the database meanwhile, where it is part of the question."""

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU time of one call, in microseconds."""
        return self.cpu_seconds / self.calls * 1e6

    @property
    def database_us(self) -> float:
        """CPU time that one call cost the database, in microseconds."""
        return self.database_seconds / self.calls * 1e6


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))


Contender = Callable[[], Sample]
"""Runs once, checks its own answers and raises if one is wrong: a run that was not checked is void."""
Rounds = Mapping[str, Sequence[Sample]]
Figure = Callable[[Sample], float]


def interleaved(contenders: Mapping[str, Contender], rounds: int = ROUNDS) -> Rounds:
    """Samples by contender. One more round goes before them, to warm up, and is not counted."""
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds + 1):
        _say(f"round {number} of {rounds}" if number else "warming up")
        for name in names[number % len(names) :] + names[: number % len(names)]:
            sample = contenders[name]()
            if number:
                samples[name].append(sample)
    return samples


def spread(samples: Sequence[Sample], figure: Figure) -> Spread:
    """One figure over all rounds."""
    return Spread.of([figure(sample) for sample in samples])


def ratios(samples: Sequence[Sample], baseline: Sequence[Sample], figure: Figure) -> Spread:
    """One figure against the baseline's of the same round: noise that lasts longer than a round cancels."""
    pairs = zip(samples, baseline, strict=True)
    return Spread.of([figure(one) / figure(other) for one, other in pairs])


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
