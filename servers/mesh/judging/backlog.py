"""What waits to be written: two kinds of things in one bounded memory.

What must be kept has a bound of its own, far above the other. Only when that is reached do the ordinary
things give way: no more are taken, and their room is used up too. Nobody ever waits.
"""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 100_000
"""Refusals that may wait before ordinary records give way: minutes of an attack."""
ORDINARY = 10_000


class Backlog(Generic[T]):
    """A queue that refuses instead of growing, and counts what it refused."""

    def __init__(self, kept: int = KEPT, ordinary: int = ORDINARY) -> None:
        """`kept` and `ordinary`: how many of each may wait; all >= 1."""
        if min(kept, ordinary) < 1:
            raise ValueError("both bounds are at least 1")
        self._most_kept = kept
        self._most_ordinary = ordinary
        self._kept: deque[T] = deque()
        self._ordinary: deque[T] = deque()
        self.dropped = 0
        """Ordinary things that were left out."""
        self.lost = 0
        """Things that had to be kept and could not be: a reason to wake somebody."""

    def __len__(self) -> int:
        return len(self._kept) + len(self._ordinary)

    @property
    def is_pressed(self) -> bool:
        """Whether ordinary things give way."""
        return len(self._kept) >= self._most_kept

    def put(self, item: T, must_be_kept: bool) -> None:
        """Add it, or count it as left out."""
        if must_be_kept:
            self._keep(item)
        elif self.is_pressed or len(self._ordinary) >= self._most_ordinary:
            self.dropped += 1
        else:
            self._ordinary.append(item)

    def take(self, most: int) -> list[T]:
        """At most so many, those that must be kept first, each kind in its order."""
        taken = [self._kept.popleft() for _ in range(min(most, len(self._kept)))]
        rest = min(most - len(taken), len(self._ordinary))
        return taken + [self._ordinary.popleft() for _ in range(rest)]

    def give_up(self) -> int:
        """Forget all ordinary things; how many they were."""
        count = len(self._ordinary)
        self._ordinary.clear()
        self.dropped += count
        return count

    def _keep(self, item: T) -> None:
        if len(self._kept) >= self._most_kept + self._most_ordinary:
            self.lost += 1
            return
        if self.is_pressed and self._ordinary:
            self._ordinary.popleft()
            self.dropped += 1
        self._kept.append(item)
