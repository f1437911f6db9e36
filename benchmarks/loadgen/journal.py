"""What came of every call: nothing is summed up before all of it is known."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.loadgen.status import OK, Status


class Answer(NamedTuple):
    """One call, by its place in the plan. Times are in seconds from the beginning of the run."""

    number: int
    due: float
    """When it was to be sent: in a closed loop, when it was."""
    ended: float
    status: Status
    message: bytes
    """Empty unless the status is OK."""

    @property
    def seconds(self) -> float:
        """How long its caller waited."""
        return self.ended - self.due


class Percentiles(NamedTuple):
    """Latencies of some answers, in seconds."""

    p50: float
    p99: float
    p999: float
    most: float


@dataclass(frozen=True)
class Journal:
    """Columns, one entry a call in the order of the plan: it travels between processes."""

    began: float
    """On the monotonic clock, which all processes of a machine share."""
    seconds: float
    """From the first call to the last answer."""
    cpu_seconds: float
    """Of this client."""
    due: "array[float]"
    ended: "array[float]"
    statuses: Sequence[Status]
    messages: Sequence[bytes]
    unasked: int = 0
    """Frames of answers that came after their deadline, and were dropped."""
    connections_lost: int = 0

    def __len__(self) -> int:
        return len(self.statuses)

    def __iter__(self) -> Iterator[Answer]:
        columns = zip(self.due, self.ended, self.statuses, self.messages, strict=True)
        return (Answer(number, *entry) for number, entry in enumerate(columns))

    @property
    def cpu_us(self) -> float:
        """CPU time that one call cost this client, in microseconds."""
        return self.cpu_seconds / len(self) * 1e6

    def counts(self) -> Counter[Status]:
        """How many calls ended how."""
        return Counter(self.statuses)

    def successes(self) -> list[Answer]:
        return [answer for answer in self if answer.status is OK or answer.status == OK]

    def refusals(self, *reasons: str) -> list[Answer]:
        """Those that ended with one of these reasons."""
        return [answer for answer in self if answer.status.reason in reasons]


def percentiles(answers: Sequence[Answer]) -> Percentiles:
    """Raises ValueError if there is none."""
    if not answers:
        raise ValueError("no answers, so no percentiles")
    seconds = sorted(answer.seconds for answer in answers)

    def at(share: float) -> float:
        return seconds[min(len(seconds) - 1, int(share * len(seconds)))]

    return Percentiles(at(0.5), at(0.99), at(0.999), seconds[-1])
