"""The judge of the limiter: a log of every admission, counted in the plainest way.

It knows nothing of stamps, buckets or scripts. For each limit of a subject it answers what the exact
windows W and W(1 + 1/K) would have said; a decision must lie between the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.risk.limit import Limit


@dataclass
class ExactLog:
    """One subject's admissions under one limit: [instant, units], by the limiter's clock.

    That clock stands still while the server's clock is behind the last admission.
    """

    admissions: list[list[int]] = field(default_factory=list)
    changed_at: int | None = None
    """When the limit last changed its window or its buckets."""

    def clock(self, now: int) -> int:
        return max(now, self.admissions[-1][0]) if self.admissions else now

    def used(self, reach_ms: int, now: int) -> int:
        """Units admitted in (now - reach, now]."""
        at = self.clock(now)
        return sum(units for instant, units in self.admissions if instant > at - reach_ms)

    def admit(self, units: int, now: int, keep_ms: int) -> None:
        if units:
            self.admissions.append([self.clock(now), units])
            self.admissions = [one for one in self.admissions if one[0] > now - 4 * keep_ms]

    def change(self, forgotten_ms: int, now: int) -> None:
        """The limit changed. What had left its window before is nobody's memory any more."""
        self.changed_at = now
        self.admissions = [one for one in self.admissions if one[0] > self.clock(now) - forgotten_ms]

    def refund(self, limit: Limit, units: int, at: int, now: int) -> None:
        """By the promise: exact until it leaves the window, else while its bucket is the newest."""
        if limit.is_exact:
            possible = at > now - limit.window_ms
        else:
            newest = self.admissions[-1][0] // limit.bucket_ms if self.admissions else -1
            possible = at // limit.bucket_ms == newest == now // limit.bucket_ms
        for one in reversed(self.admissions if possible else []):
            mine = one[0] == at if limit.is_exact else one[0] // limit.bucket_ms == at // limit.bucket_ms
            if mine:
                gone = min(units, one[1])
                one[1] -= gone
                units -= gone

    def must_refuse(self, limit: Limit, cost: int, now: int) -> bool:
        """Safety: with it there would be more than N in a window."""
        return self.used(limit.window_ms, now) + cost > limit.units

    def may_refuse(self, limit: Limit, cost: int, now: int) -> bool:
        """Liveness: there is no room for it beside what the longer window holds."""
        reach = limit.window_ms if limit.is_exact else limit.window_ms + limit.bucket_ms
        return self.used(reach, now) + cost > limit.units

    def is_settled(self, longest_ms: int, now: int) -> bool:
        """Whether what was counted before the last change has left for certain, so that liveness binds."""
        return self.changed_at is None or now > self.changed_at + 3 * longest_ms


def complaints(
    logs: Sequence[ExactLog], limits: Sequence[Limit], cost: int, now: int, admitted: bool, longest_ms: int
) -> list[str]:
    """What is wrong with a decision; nothing if it lies between the exact windows."""
    pairs = list(zip(logs, limits, strict=True))
    if admitted:
        return [f"over {limit}" for log, limit in pairs if log.must_refuse(limit, cost, now)]
    if not all(log.is_settled(longest_ms, now) for log in logs):
        return []
    if any(log.may_refuse(limit, cost, now) for log, limit in pairs):
        return []
    return [f"refused although every limit had room: {limits}"]
