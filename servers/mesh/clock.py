"""The clocks that a process hands to whoever must know the time. Nobody else asks.

Deadlines, leases, caches and certificates keep to real time: a test clock moves the business, not
the network.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from domain.shared.instants import EARLIEST, LATEST, Instant

Listener = Callable[[Instant], Awaitable[None]]
"""Is told the new time after a test clock was moved, and finishes what fell due."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> Instant:
        """The present, in microseconds since the epoch."""
        ...


class SystemClock:
    """The machine's clock, which never steps back inside one process."""

    def __init__(self) -> None:
        self._latest: Instant = EARLIEST

    def now(self) -> Instant:
        self._latest = max(self._latest, time.time_ns() // 1000)
        return self._latest


class TestClock:
    """A clock that people move. Until then, and after, it runs on with real time unless it is frozen."""

    # The name begins like a test class; pytest is told that it is none.
    __test__ = False

    def __init__(self, start: Instant | None = None, *, frozen: bool = False) -> None:
        self._base = SystemClock().now() if start is None else start
        self._set_at = time.monotonic_ns()
        self._frozen = frozen
        self._listeners: list[Listener] = []

    @property
    def frozen(self) -> bool:
        return self._frozen

    def now(self) -> Instant:
        if self._frozen:
            return self._base
        return min(self._base + (time.monotonic_ns() - self._set_at) // 1000, LATEST)

    def subscribe(self, listener: Listener) -> None:
        """Lets a background job wake up when the clock is moved. Listeners run in this order."""
        self._listeners.append(listener)

    async def set(self, instant: Instant, *, frozen: bool = False) -> Instant:
        """Moves the clock and waits until every listener has done what fell due.

        Raises ValueError outside the years 1970 to 9999.
        """
        if not EARLIEST <= instant <= LATEST:
            raise ValueError(f"{instant} lies outside the years 1970 to 9999")
        self._base, self._set_at, self._frozen = instant, time.monotonic_ns(), frozen
        for listener in self._listeners:
            await listener(instant)
        return self.now()

    async def advance(self, microseconds: int) -> Instant:
        """Moves the clock on, as `set` does."""
        return await self.set(self.now() + microseconds, frozen=self._frozen)
