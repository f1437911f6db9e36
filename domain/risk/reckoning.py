"""What the windows say of a request, all of them together: the pure outcome of what they had counted."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.risk.limit import Limit
from domain.risk.stamps import NEVER


class Reckoning(NamedTuple):
    """One request before all of its limits, with the counts that decided it.

    `reckoned` makes the same again from the recorded counts.
    """

    admitted: bool
    cost: int
    now_ms: int
    """On the clock of whoever counted."""
    limits: Sequence[Limit]
    used: Sequence[int]
    """By limit, before this request."""
    waits_ms: Sequence[int]
    """By limit: 0 where there was room, else until there is; NEVER if the cost exceeds the limit."""

    @property
    def deciding(self) -> Limit | None:
        """The limit that decided: with the longest wait, or of an admitted request the nearest to its end.

        None if there is no limit.
        """
        if not self.limits:
            return None
        if self.admitted:
            return min(zip(self._left(), self.limits, strict=True), key=lambda pair: pair[0])[1]
        waits = [float("inf") if wait == NEVER else wait for wait in self.waits_ms]
        return self.limits[waits.index(max(waits))]

    @property
    def retry_after_ms(self) -> int:
        """From now until the same request would be admitted if nobody else asked; 0 if it was, or NEVER."""
        return NEVER if NEVER in self.waits_ms else max(self.waits_ms, default=0)

    @property
    def remaining(self) -> int | None:
        """Units that the tightest limit has left after this request; None if there is no limit."""
        return max(min(self._left()), 0) if self.limits else None

    def _left(self) -> list[int]:
        taken = self.cost if self.admitted else 0
        return [limit.units - used - taken for limit, used in zip(self.limits, self.used, strict=True)]


def reckoned(
    limits: Sequence[Limit], used: Sequence[int], waits_ms: Sequence[int], cost: int, now_ms: int
) -> Reckoning:
    """Admitted if every limit has room: all of them or none is charged."""
    return Reckoning(not any(waits_ms), cost, now_ms, limits, used, waits_ms)
