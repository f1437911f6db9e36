"""The windows that a replica keeps of what it admitted itself, for the time when it is alone.

They are the windows of the domain, for the subjects last seen. Each knows what the store has not been
told: that is pushed when it answers again. If the store lost what it had, everything is.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.risk.decision import Decision, decided
from domain.risk.limit import FailureClass, Limit
from domain.risk.window import EMPTY, Window, fitted, merged, spent

MOST_SUBJECTS = 50_000
"""Windows; the least recently used is forgotten first."""


@dataclass(slots=True)
class Shade:
    """What this replica admitted of one subject under one limit."""

    limit: Limit
    own: Window = EMPTY
    untold: Window = EMPTY
    """The part that the store does not know of."""


@dataclass(frozen=True, slots=True)
class Untold:
    """What the store is to be told of one window."""

    window: str
    limit: Limit
    entries: Sequence[tuple[int, int]]
    """(instant in milliseconds, units), in order of time."""


class Shadow:
    """Own admissions by the names of their windows. Times are milliseconds on the store's clock."""

    def __init__(self, most_subjects: int = MOST_SUBJECTS) -> None:
        self._shades: OrderedDict[str, Shade] = OrderedDict()
        self._most_subjects = most_subjects

    def __len__(self) -> int:
        return len(self._shades)

    def record(
        self, windows: Sequence[str], limits: Sequence[Limit], cost: int, now_ms: int, *, told: bool
    ) -> None:
        """So much was admitted. `told`: the store counts it, or must be taken to."""
        for window, limit in zip(windows, limits, strict=True):
            shade = self._shade(window, limit)
            shade.own = spent(shade.own, limit, cost, now_ms)
            if not told:
                shade.untold = spent(shade.untold, limit, cost, now_ms)

    def decide(
        self, windows: Sequence[str], limits: Sequence[Limit], shares: Sequence[int], cost: int, now_ms: int
    ) -> Decision:
        """As the store would, with this replica's share in place of each limit; records nothing."""
        shades = [self._shade(window, limit) for window, limit in zip(windows, limits, strict=True)]
        pairs = list(zip(shades, limits, strict=True))
        used = [shade.own.used(limit, now_ms) for shade, limit in pairs]
        waits = [
            shade.own.wait_ms(limit, share, cost, now_ms)
            for (shade, limit), share in zip(pairs, shares, strict=True)
        ]
        return decided(limits, used, waits, cost, now_ms)

    def give_back(
        self, windows: Sequence[str], limits: Sequence[Limit], cost: int, at_ms: int, now_ms: int
    ) -> None:
        """As a refund does."""
        for window, limit in zip(windows, limits, strict=True):
            shade = self._shade(window, limit)
            shade.own = shade.own.refunded(limit, cost, at_ms, now_ms)
            shade.untold = shade.untold.refunded(limit, cost, at_ms, now_ms)

    def forget(self, windows: Sequence[str]) -> None:
        """As a reset does."""
        for window in windows:
            self._shades.pop(window, None)

    def told_nothing(self) -> None:
        """The store lost what it knew: all that is still in a window is untold."""
        for shade in self._shades.values():
            shade.untold = shade.own

    def take_untold(self, now_ms: int) -> list[Untold]:
        """All that the store is to be told; it counts as told from now on.

        Windows of limits that are closed without the store come first: calls wait for them.
        """
        taken = []
        for name, shade in self._shades.items():
            if shade.untold != EMPTY:
                taken.append(Untold(name, shade.limit, list(_live(shade, now_ms))))
                shade.untold = EMPTY
        taken.sort(key=lambda one: one.limit.failure_class is not FailureClass.CLOSED)
        return [one for one in taken if one.entries]

    def put_back(self, untold: Sequence[Untold]) -> None:
        """What was taken has not arrived, as far as is known."""
        for one in untold:
            shade = self._shade(one.window, one.limit)
            shade.untold = merged(shade.untold, one.limit, one.entries)

    def _shade(self, window: str, limit: Limit) -> Shade:
        shade = self._shades.get(window)
        if shade is None:
            shade = self._shades[window] = Shade(limit)
            if len(self._shades) > self._most_subjects:
                self._shades.popitem(last=False)
            return shade
        self._shades.move_to_end(window)
        if shade.limit is not limit:
            shade.limit = limit
            shade.own, shade.untold = fitted(shade.own, limit), fitted(shade.untold, limit)
        return shade


def _live(shade: Shade, now_ms: int) -> Iterator[tuple[int, int]]:
    oldest = now_ms - shade.limit.window_ms
    return ((at, units) for at, units in shade.untold.entries() if at > oldest)
