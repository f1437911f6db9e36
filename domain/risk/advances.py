"""Units of a limit that one replica takes in advance, to give out without asking the store.

Some keys are asked about thousands of times a second: a method, a caller, the address of a whole network.
An advance is charged when it is taken, as if all of it were used then. It is given out only inside the bucket
in which it was charged, where it counts as long as anything admitted there does. So there is never more
than the limit, whoever dies with an advance in hand. What is left over counts all the same, until its
bucket leaves.
"""

from typing import NamedTuple

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning

HOT_A_SECOND = 2_000
"""A key is hot above so many decisions of all replicas."""
PART = 10
"""All replicas together take at most the tenth part of a limit at a time in advance,"""
AHEAD_MS = 100
"""and each at most what it will need in so long: what is left over is lost to others."""
FEWEST_UNITS = 10
"""Less is not worth a question of its own."""


class Advance(NamedTuple):
    """What one replica still has of what it took."""

    limit: Limit
    left: int
    """Units."""
    used: int
    """Counted by the store before it was taken, and given out of it since."""
    taken_ms: int
    """On the store's clock."""
    ends_ms: int
    """When its bucket ends."""

    def covers(self, limit: Limit, cost: int, latest_ms: int) -> bool:
        """Whether a request may be given its cost; the store's clock shows at most `latest_ms`."""
        return limit is self.limit and cost <= self.left and latest_ms < self.ends_ms

    def given(self, cost: int) -> "Advance":
        """After so many units were given out, or with a negative cost, came back."""
        return self._replace(left=self.left - cost, used=self.used + cost)


def taken(reckoning: Reckoning) -> Advance:
    """The advance that the store has just charged to one limit: the cost of the request."""
    (limit,), (used,), now_ms = reckoning.limits, reckoning.used, reckoning.now_ms
    return Advance(limit, reckoning.cost, used, now_ms, _end_of_bucket(limit, now_ms))


def is_hot(decisions: int, replicas: int) -> bool:
    """Whether advances are worth while for a key on which this replica has decided so often in a second."""
    return decisions * replicas > HOT_A_SECOND


def units_to_advance(limit: Limit, cost: int, decisions: int, replicas: int, now_ms: int) -> int:
    """Units to take for requests of this cost, `decisions` of which came in the last second; or 0.

    Nothing of an exact limit is taken in advance: its units leave one by one, each by the instant of its use.
    """
    if limit.is_exact:
        return 0
    ahead_ms = min(AHEAD_MS, _end_of_bucket(limit, now_ms) - now_ms)
    units = min(decisions * cost * ahead_ms // 1000, limit.units // (PART * replicas))
    return units if units >= max(FEWEST_UNITS, cost) else 0


def _end_of_bucket(limit: Limit, now_ms: int) -> int:
    return (now_ms // limit.bucket_ms + 1) * limit.bucket_ms
