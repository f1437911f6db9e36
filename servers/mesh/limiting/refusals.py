"""Refusals that are known to hold: who was told to come back later is told so again without asking.

A full window has no room before its oldest units leave, whoever asks. So a refusal holds until then,
unless units are given back elsewhere or the limit changes.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning, reckoned
from domain.risk.stamps import NEVER

MOST_REFUSALS = 50_000


@dataclass(slots=True)
class _Refusal:
    limit: Limit
    cost: int
    used: int
    until_ms: int
    """On the store's clock."""
    unasked: int = 0
    """Times it was given since the store was last told."""


class Refusals:
    """By the names of windows."""

    def __init__(self, most: int = MOST_REFUSALS) -> None:
        self._known: OrderedDict[bytes, _Refusal] = OrderedDict()
        self._most = most

    def add(self, reckoning: Reckoning, windows: Sequence[bytes]) -> None:
        """Keeps why a request was refused. One that costs more than its limit needs no memory."""
        for index, wait in enumerate(reckoning.waits_ms):
            if wait > 0:
                until = reckoning.now_ms + wait
                limit, used = reckoning.limits[index], reckoning.used[index]
                self._known[windows[index]] = _Refusal(limit, reckoning.cost, used, until)
                if len(self._known) > self._most:
                    self._known.popitem(last=False)

    def find(
        self, windows: Sequence[bytes], limits: Sequence[Limit], cost: int, now_ms: int
    ) -> Reckoning | None:
        """The refusal that meets this request for certain; None if it must be asked about."""
        for window, limit in zip(windows, limits, strict=True):
            if cost > limit.units:
                return reckoned([limit], [0], [NEVER], cost, now_ms)
            known = self._known.get(window)
            if known is None or cost < known.cost or known.limit is not limit:
                continue
            wait = known.until_ms - now_ms
            if wait > 0:
                known.unasked += 1
                return reckoned([limit], [known.used], [wait], cost, now_ms)
            if not known.unasked:
                del self._known[window]
        return None

    def forget(self, windows: Sequence[bytes]) -> None:
        """There may be room again."""
        for window in windows:
            self._known.pop(window, None)

    def take_unasked(self, now_ms: int) -> list[tuple[bytes, Limit, int]]:
        """(window, limit, times) since this was last called; drops what holds no longer."""
        unasked = [(window, one.limit, one.unasked) for window, one in self._known.items() if one.unasked]
        for window, _, _ in unasked:
            self._known[window].unasked = 0
        for window in [window for window, one in self._known.items() if one.until_ms <= now_ms]:
            del self._known[window]
        return unasked
