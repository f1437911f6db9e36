"""Small stand-ins for what a test must control."""

from domain.shared.instants import SECOND, Instant

EPOCH: Instant = 1_800_000_000 * SECOND
"""Where a fake clock starts, unless told: 2027-01-15T08:00:00Z."""


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: Instant = EPOCH) -> None:
        self._now = start

    def now(self) -> Instant:
        return self._now

    def set(self, instant: Instant) -> None:
        self._now = instant

    def advance(self, microseconds: int) -> Instant:
        """The new time."""
        self._now += microseconds
        return self._now
