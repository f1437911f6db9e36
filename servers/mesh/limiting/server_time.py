"""The clock of the store, as a replica knows it between two answers.

Windows are counted by the store's clock alone. While it does not answer, what a replica counts by itself
must fit beside that, so it goes on from the last answer by a clock that never steps.
"""

import time

from servers.mesh.clock import Clock


class ServerTime:
    """Milliseconds on the store's clock; on our own until it has answered for the first time."""

    def __init__(self, clock: Clock) -> None:
        self._ahead_ms = clock.now() / 1000 - time.monotonic() * 1000

    def observe(self, now_ms: int) -> None:
        """An answer that was given at `now_ms` has arrived."""
        self._ahead_ms = now_ms - time.monotonic() * 1000

    def now_ms(self) -> int:
        return int(time.monotonic() * 1000 + self._ahead_ms)
