"""Refusals that are known to hold: who was told to come back later is told so again without asking.

A full window has no room before its oldest units leave, whoever asks. So a refusal holds until then,
unless units are given back elsewhere or the limit changes. What is refused here is told to the store
from time to time, and from its answer is heard whether there is room again.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning, reckoned
from domain.risk.stamps import NEVER

MOST_REFUSALS = 50_000
MOST_COSTS = 8
"""Of one window. Costs are those of methods, and there are few."""


@dataclass(slots=True)
class _Refusal:
    limit: Limit
    used: int
    until_ms: dict[int, int]
    """By cost, on the store's clock: a dearer call waits longer, a cheaper one perhaps not at all."""


class Attempts(NamedTuple):
    """How often a window refused without being asked."""

    window: bytes
    limit: Limit
    times: int


class Refusals:
    """By the names of windows."""

    def __init__(self, most: int = MOST_REFUSALS) -> None:
        self._known: OrderedDict[bytes, _Refusal] = OrderedDict()
        self._unasked: dict[bytes, tuple[Limit, int]] = {}
        """Times a refusal was given since the store was last told."""
        self._most = most

    def add(self, reckoning: Reckoning, windows: Sequence[bytes]) -> None:
        """Keeps which windows refused a request. One that costs more than its limit needs no memory."""
        for window, limit, used, wait in zip(
            windows, reckoning.limits, reckoning.used, reckoning.waits_ms, strict=True
        ):
            if wait > 0:
                refusal = self._refusal(window, limit)
                refusal.used = used
                refusal.until_ms[reckoning.cost] = reckoning.now_ms + wait

    def find(
        self, windows: Sequence[bytes], limits: Sequence[Limit], cost: int, now_ms: int, latest_ms: int
    ) -> Reckoning | None:
        """What refuses this request for certain, all that is known of it; None if the store must be asked.

        The store's clock is between the two instants: the refusal holds at the later one, and how long to
        wait is counted from the earlier one.
        """
        found = []
        for window, limit in zip(windows, limits, strict=True):
            known = self._known.get(window)
            if cost > limit.units:
                found.append((limit, 0, NEVER))
            elif known is not None and known.limit is limit:
                until = known.until_ms.get(cost, 0)
                if until > latest_ms:
                    found.append((limit, known.used, until - now_ms))
                    self._unasked[window] = limit, self._unasked.get(window, (limit, 0))[1] + 1
        if not found:
            return None
        refusing, used, waits = zip(*found, strict=True)
        return reckoned(refusing, used, waits, cost, now_ms)

    def forget(self, windows: Sequence[bytes]) -> None:
        """There may be room again."""
        for window in windows:
            self._known.pop(window, None)

    def heard(self, window: bytes, used: int) -> None:
        """So much is used there now, the store says: what would fit in again is not refused any more."""
        known = self._known.get(window)
        if known is not None:
            room = known.limit.units - used
            known.until_ms = {cost: until for cost, until in known.until_ms.items() if cost > room}

    def take_unasked(self, most: int) -> list[Attempts]:
        """Of at most so many windows, those that have waited longest."""
        windows = list(islice(self._unasked, most))
        return [Attempts(window, *self._unasked.pop(window)) for window in windows]

    def _refusal(self, window: bytes, limit: Limit) -> _Refusal:
        known = self._known.get(window)
        if known is None or known.limit is not limit or len(known.until_ms) >= MOST_COSTS:
            known = self._known[window] = _Refusal(limit, 0, {})
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return known
