"""Whether the store is asked at all: a switch that opens quickly and closes with care.

Seconds are of any clock that never steps. Nothing here waits or asks.
"""

from collections import deque

FAILURES = 5
WITHIN_SECONDS = 1.0
"""So many failures in so short a time open it,"""
LOOKS_BACK = 20
"""or half of the last so many calls."""
GOOD_PROBES = 2
"""In a row, to close it."""
MOST_PROBES = 32
RELAPSE_SECONDS = 60.0
"""One that opens again so soon wants twice as many good probes as before: it must not flap."""


class Breaker:
    """Open or closed, by how the last calls went."""

    def __init__(self) -> None:
        self.is_open = False
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._recent: deque[bool] = deque(maxlen=LOOKS_BACK)
        self._wanted = GOOD_PROBES
        self._good = 0
        self._opened_at = float("-inf")

    @property
    def is_hopeful(self) -> bool:
        """Whether the last probe was good: enough for work that nobody waits for."""
        return self._good > 0

    def succeeded(self, calls: int = 1) -> None:
        """So many calls were answered in time."""
        self._recent.extend([True] * min(calls, LOOKS_BACK))

    def failed(self, now: float, calls: int = 1) -> None:
        """So many calls were not."""
        self._good = 0
        for _ in range(min(calls, LOOKS_BACK)):
            self._failures.append(now)
            self._recent.append(False)
        many = len(self._failures) == FAILURES and now - self._failures[0] <= WITHIN_SECONDS
        half = len(self._recent) == LOOKS_BACK and sum(self._recent) * 2 <= LOOKS_BACK
        if (many or half) and not self.is_open:
            self._open(now)

    def probed(self, good: bool) -> bool:
        """How a probe went while it is open; whether that is enough to close it."""
        self._good = self._good + 1 if good else 0
        return self._good >= self._wanted

    def open_seconds(self, now: float) -> float:
        """For how long it has been open; 0 if it is closed."""
        return now - self._opened_at if self.is_open else 0.0

    def close(self) -> None:
        self.is_open = False
        self._failures.clear()
        self._recent.clear()

    def _open(self, now: float) -> None:
        relapsed = now - self._opened_at < RELAPSE_SECONDS
        self._wanted = min(self._wanted * 2, MOST_PROBES) if relapsed else GOOD_PROBES
        self._opened_at, self._good, self.is_open = now, 0, True
