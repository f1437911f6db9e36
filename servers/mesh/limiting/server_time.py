"""The clock of the store, as a replica knows it between two answers.

Windows are counted by the store's clock alone. While it does not answer, what a replica counts by itself
must fit beside that, so it goes on from the last answer by a clock that never steps.
"""

import time

from servers.mesh.clock import Clock


class ServerTime:
    """Milliseconds on the store's clock; on our own until it has answered for the first time.

    An answer says what time it was between the question and its arrival, so the time now is known within
    bounds. Who is told to wait is told from the earlier one; what ends, ends by the later one.
    """

    def __init__(self, clock: Clock) -> None:
        self._earliest_ahead_ms = self._latest_ahead_ms = clock.now() / 1000 - time.monotonic() * 1000

    def observe(self, now_ms: int, asked: float) -> None:
        """An answer that was given at `now_ms` has arrived; `asked` on the monotonic clock, in seconds."""
        self._earliest_ahead_ms = now_ms - time.monotonic() * 1000
        # The store cuts off what is less than a millisecond.
        self._latest_ahead_ms = now_ms + 1 - asked * 1000

    def now_ms(self) -> int:
        """The earliest that it can be."""
        return int(time.monotonic() * 1000 + self._earliest_ahead_ms)

    def between_ms(self) -> tuple[int, int]:
        """The earliest and the latest that it can be."""
        monotonic_ms = time.monotonic() * 1000
        return int(monotonic_ms + self._earliest_ahead_ms), int(monotonic_ms + self._latest_ahead_ms) + 1
