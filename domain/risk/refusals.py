"""How often a rule refused a subject lately, counted in parts of a window."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from domain.risk.subjects import Subject
from domain.risk.suspects import MOST_DECISIONS
from domain.shared.instants import Instant

PARTS = 60
"""Of a window. The oldest counts whole, so a refusal may count for a sixtieth of a window too long."""
MOST_RECORDS = 100_000
"""Kept; of more, those longest without a refusal are forgotten."""


@dataclass(slots=True)
class Record:
    """Refusals of one subject by one version of a rule."""

    parts: deque[list[int]] = field(default_factory=deque)
    """[number of the part, refusals in it], oldest first."""
    decisions: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_DECISIONS))
    """The last of them."""
    total: int = 0
    first: Instant = 0
    """Beginning of the oldest part."""
    told_rank: int = 0
    """Of the hardest state that was asked for since,"""
    told_at: Instant = 0
    """and when."""


Key = tuple[Subject, str, int]
"""Subject, rule and version."""


class Refusals:
    """All records, each in its rule's window."""

    def __init__(self, records: int = MOST_RECORDS) -> None:
        self._most_records = records
        self._records: OrderedDict[Key, Record] = OrderedDict()

    def add(self, key: Key, decision_id: str, at: Instant, window_ms: int) -> Record:
        """One refusal more; the record as it then is."""
        record = self._records.setdefault(key, Record())
        length = max(window_ms * 1_000 // PARTS, 1)
        part = at // length
        if record.parts and record.parts[-1][0] >= part:
            # Of the same part, or a little late on its way here.
            record.parts[-1][1] += 1
        else:
            record.parts.append([part, 1])
        record.total += 1
        while record.parts[0][0] < part - PARTS:
            record.total -= record.parts.popleft()[1]
        record.first = record.parts[0][0] * length
        record.decisions.append(decision_id)
        self._records.move_to_end(key)
        if len(self._records) > self._most_records:
            self._records.popitem(last=False)
        return record
