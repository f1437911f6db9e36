"""What the sales of a process came to, in plain numbers that its one event loop adds to."""

from collections import Counter
from collections.abc import Sequence

from domain.seckill.commands import Reserve
from domain.shared.errors import DomainError
from servers.seckill.sale.group import Decided, Group, Result

SIZES = tuple(1 << bit for bit in range(9))
"""Groups are counted by these most commands: 1, 2, 4 … 256."""
MEMORY, GATE, DATABASE = "memory", "gate", "database"
"""Who decided a reservation: a copy in this process, the gate in Redis, or the commit."""


class Tally:
    """Of one process."""

    def __init__(self) -> None:
        self.reservations: Counter[tuple[str, str]] = Counter()
        """By answer (RESERVED, REPEATED, or the reason of a refusal) and by who decided."""
        self.ungated = 0
        """Reservations that the database decided alone, since the gate was missing or did not answer."""
        self.group_sizes = [0] * len(SIZES)
        self.group_commands = 0
        """In all groups together."""
        self.lost_races = 0
        self.unknown_commits = 0
        self.events: Counter[str] = Counter()
        """By type."""

    def refused(self, reason: str, decider: str) -> None:
        """A reservation that did not come to the database."""
        self.reservations[reason, decider] += 1

    def decided(self, group: Group, results: Sequence[Result]) -> None:
        """A group whose transaction has ended well."""
        size = len(group.works)
        self.group_sizes[(size - 1).bit_length()] += 1
        self.group_commands += size
        self.events.update(group.told)
        for work, result in zip(group.works, results, strict=True):
            if isinstance(work.command, Reserve):
                self.reservations[_answer(result), DATABASE] += 1


def _answer(result: Result) -> str:
    if isinstance(result, Decided):
        return "RESERVED" if result.changed else "REPEATED"
    return result.reason if isinstance(result, DomainError) else "INTERNAL"
