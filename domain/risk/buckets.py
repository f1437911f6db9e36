"""The window counted in buckets, for limits above what is worth keeping unit by unit.

The oldest bucket counts whole, although a part of it has left the window: the count may be too high by
what that part holds, and is never too low.
"""

from collections.abc import Iterator
from typing import NamedTuple

from domain.risk.limit import Limit
from domain.risk.stamps import NEVER


class Buckets(NamedTuple):
    """Units by bucket. Bucket i holds the instants from i * width_ms until before (i + 1) * width_ms.

    A clock that steps back finds the newest bucket ahead of it: what is admitted meanwhile goes there.
    """

    width_ms: int
    newest: int
    """Number of the newest bucket."""
    counts: tuple[int, ...]
    """Newest first; as many as the window has buckets, and one."""

    def used(self, limit: Limit, now: int) -> int:
        """Units admitted in (now - window, now], and those that share the oldest bucket."""
        return sum(self.counts[: self._live(now)])

    def wait_ms(self, limit: Limit, units: int, cost: int, now: int) -> int:
        """Until this cost would be admitted if nobody else asked: 0 now, NEVER if it exceeds `units`.

        `units` is what may be used in a window, usually the limit's.
        """
        if cost > units:
            return NEVER
        live = self._live(now)
        over = sum(self.counts[:live]) + cost - units
        oldest = live
        while over > 0:
            oldest -= 1
            over -= self.counts[oldest]
        return (self.newest - oldest + len(self.counts)) * self.width_ms - now if oldest < live else 0

    def spent(self, limit: Limit, cost: int, now: int) -> "Buckets":
        """With so many units more."""
        passed = self._passed(now)
        counts = ((0,) * min(passed, len(self.counts)) + self.counts)[: len(self.counts)]
        return Buckets(self.width_ms, self.newest + passed, (counts[0] + cost, *counts[1:]))

    def refunded(self, limit: Limit, units: int, at: int, now: int) -> "Buckets":
        """Without at most so many units of those admitted at `at`, as long as their bucket is the newest."""
        if self._passed(now) or at // self.width_ms != self.newest:
            return self
        return self._replace(counts=(max(self.counts[0] - units, 0), *self.counts[1:]))

    def entries(self) -> Iterator[tuple[int, int]]:
        """(the latest instant at which they can have been admitted, units), in order of time."""
        oldest_first = enumerate(reversed(self.counts), self.newest - len(self.counts) + 1)
        return (((number + 1) * self.width_ms - 1, units) for number, units in oldest_first if units)

    def _passed(self, now: int) -> int:
        """Buckets that began since the newest was written."""
        return max(now // self.width_ms - self.newest, 0)

    def _live(self, now: int) -> int:
        """How many of the counts, from the newest on, are still looked back on."""
        return max(len(self.counts) - self._passed(now), 0)
