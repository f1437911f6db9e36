"""What a replica admitted itself, for the time when it is alone.

It is written down with every admission and read only when the store does not answer or has lost what it
knew. So it is kept as plain counts, and made a window of the domain when somebody asks. What the store
has not been told is kept apart, to be pushed when it answers again.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.risk.limit import EXACT_UNITS, FailureClass, Limit
from domain.risk.reckoning import Reckoning, reckoned
from domain.risk.window import Window, built

MOST_SUBJECTS = 50_000
"""Windows; the least recently used is forgotten first."""

Counts = dict[int, int]
"""Units by the number of their bucket, or of their millisecond if the limit is exact."""


@dataclass(slots=True)
class Shade:
    """What this replica admitted of one subject under one limit."""

    limit: Limit
    width_ms: int
    own: Counts = field(default_factory=dict)
    untold: Counts = field(default_factory=dict)
    """The part that the store does not know of."""
    most: int = 2 * EXACT_UNITS
    """Entries of `own` before those that have left are dropped."""

    def window(self) -> Window:
        return built(self.limit, self.entries(self.own))

    def entries(self, counts: Counts, after_ms: int = -1) -> list[tuple[int, int]]:
        """(latest instant of admission, units) in order of time, of those that are later."""
        kept = sorted((number, units) for number, units in counts.items() if units)
        found = (((number + 1) * self.width_ms - 1, units) for number, units in kept)
        return [entry for entry in found if entry[0] > after_ms]


@dataclass(frozen=True, slots=True)
class Untold:
    """What the store is to be told of one window."""

    window: bytes
    limit: Limit
    entries: Sequence[tuple[int, int]]
    """(instant in milliseconds, units), in order of time."""


class Shadow:
    """Own admissions by the names of their windows. Times are milliseconds on the store's clock."""

    def __init__(self, most_subjects: int = MOST_SUBJECTS) -> None:
        self._shades: OrderedDict[bytes, Shade] = OrderedDict()
        self._most_subjects = most_subjects

    def record(
        self, windows: Sequence[bytes], limits: Sequence[Limit], cost: int, now_ms: int, *, told: bool
    ) -> None:
        """So much was admitted. `told`: the store counts it, or must be taken to."""
        for window, limit in zip(windows, limits, strict=True):
            shade = self._shade(window, limit)
            number = now_ms // shade.width_ms
            shade.own[number] = shade.own.get(number, 0) + cost
            if not told:
                shade.untold[number] = shade.untold.get(number, 0) + cost
            if len(shade.own) > shade.most:
                _tidy(shade, now_ms)

    def decide(
        self, windows: Sequence[bytes], limits: Sequence[Limit], shares: Sequence[int], cost: int, now_ms: int
    ) -> Reckoning:
        """As the store would, with this replica's share in place of each limit; records nothing."""
        own = [self._shade(window, limit).window() for window, limit in zip(windows, limits, strict=True)]
        pairs = list(zip(own, limits, strict=True))
        used = [window.used(limit, now_ms) for window, limit in pairs]
        waits = [
            window.wait_ms(limit, share, cost, now_ms)
            for (window, limit), share in zip(pairs, shares, strict=True)
        ]
        return reckoned(limits, used, waits, cost, now_ms)

    def give_back(
        self, windows: Sequence[bytes], limits: Sequence[Limit], units: int, at_ms: int, now_ms: int
    ) -> None:
        """As a refund does: of exact limits at any time, of others while their bucket is the newest."""
        for window, limit in zip(windows, limits, strict=True):
            shade = self._shade(window, limit)
            number = at_ms // shade.width_ms
            if limit.is_exact or number == now_ms // shade.width_ms:
                for counts in (shade.own, shade.untold):
                    if number in counts:
                        counts[number] = max(counts[number] - units, 0)

    def forget(self, windows: Sequence[bytes]) -> None:
        """As a reset does."""
        for window in windows:
            self._shades.pop(window, None)

    def told_until(self, kept_ms: int) -> None:
        """The store lost what it was told after that instant; what is still in a window is untold again."""
        for shade in self._shades.values():
            lost = {n: units for n, units in shade.own.items() if (n + 1) * shade.width_ms > kept_ms}
            shade.untold |= lost

    def take_untold(self, now_ms: int) -> list[Untold]:
        """All that the store is to be told; it counts as told from now on.

        Windows of limits that are closed without the store come first: calls wait for them.
        """
        taken = []
        for name, shade in self._shades.items():
            if shade.untold:
                entries = shade.entries(shade.untold, now_ms - shade.limit.window_ms)
                taken.append(Untold(name, shade.limit, entries))
                shade.untold = {}
        taken.sort(key=lambda one: one.limit.failure_class is not FailureClass.CLOSED)
        return [one for one in taken if one.entries]

    def put_back(self, untold: Sequence[Untold]) -> None:
        """What was taken has not arrived, as far as is known."""
        for one in untold:
            shade = self._shade(one.window, one.limit)
            shade.untold = _counts(shade, [*shade.entries(shade.untold), *one.entries])

    def _shade(self, window: bytes, limit: Limit) -> Shade:
        shade = self._shades.get(window)
        if shade is None:
            shade = self._shades[window] = Shade(limit, _width(limit))
            if len(self._shades) > self._most_subjects:
                self._shades.popitem(last=False)
            return shade
        self._shades.move_to_end(window)
        if shade.limit is not limit:
            own, untold = shade.entries(shade.own), shade.entries(shade.untold)
            shade.limit, shade.width_ms = limit, _width(limit)
            shade.own, shade.untold = _counts(shade, own), _counts(shade, untold)
        return shade


def _width(limit: Limit) -> int:
    return 1 if limit.is_exact else limit.bucket_ms


def _counts(shade: Shade, entries: Sequence[tuple[int, int]]) -> Counts:
    counts: Counts = {}
    for at, units in entries:
        number = at // shade.width_ms
        counts[number] = counts.get(number, 0) + units
    return counts


def _tidy(shade: Shade, now_ms: int) -> None:
    oldest = (now_ms - shade.limit.window_ms) // shade.width_ms
    shade.own = {number: units for number, units in shade.own.items() if number >= oldest}
    # What is left must not be looked through again at once.
    shade.most = max(2 * EXACT_UNITS, 2 * len(shade.own))
