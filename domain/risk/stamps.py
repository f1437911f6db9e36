"""The exact window: every admitted unit by its instant."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from domain.risk.limit import Limit

NEVER = -1
"""The wait of a request that costs more than its limit has."""


class Stamps(NamedTuple):
    """Instants of admitted units in milliseconds, oldest first.

    A clock that steps back finds stamps ahead of it. They count, and what is admitted meanwhile is
    stamped as late as they are: the window stands still until the clock has caught up.
    """

    stamps: tuple[int, ...] = ()

    def used(self, limit: Limit, now: int) -> int:
        """Units admitted in (now - window, now]."""
        return len(self.stamps) - self._left(limit, now)

    def wait_ms(self, limit: Limit, units: int, cost: int, now: int) -> int:
        """Until this cost would be admitted if nobody else asked: 0 now, NEVER if it exceeds `units`.

        `units` is what may be used in a window, usually the limit's.
        """
        if cost > units:
            return NEVER
        left = self._left(limit, now)
        over = len(self.stamps) - left + cost - units
        return self.stamps[left + over - 1] + limit.window_ms - now if over > 0 else 0

    def spent(self, limit: Limit, cost: int, now: int) -> "Stamps":
        """With so many units more."""
        live = self.stamps[self._left(limit, now) :]
        return Stamps(live + (max(now, live[-1]) if live else now,) * cost)

    def refunded(self, limit: Limit, units: int, at: int, now: int) -> "Stamps":
        """Without at most so many units of those admitted at `at`, until they leave the window."""
        if at <= now - limit.window_ms:
            return self
        live = self.stamps[self._left(limit, now) :]
        first, end = bisect_left(live, at), bisect_right(live, at)
        return Stamps(live[:first] + live[min(first + units, end) :]) if first < end else self

    def entries(self) -> Iterator[tuple[int, int]]:
        """(the latest instant at which they can have been admitted, units), in order of time."""
        return ((stamp, 1) for stamp in self.stamps)

    def _left(self, limit: Limit, now: int) -> int:
        """How many have left the window."""
        return bisect_right(self.stamps, now - limit.window_ms)
