"""Which windows of a shard are asked about so often that advances are worth while."""

from collections import Counter
from collections.abc import Iterable, Mapping

from domain.risk.advances import is_hot


class Demand:
    """Counts decisions by window, a second at a time."""

    def __init__(self) -> None:
        self._second = 0
        self._counts: Counter[bytes] = Counter()
        self.hot: Mapping[bytes, int] = {}
        """Decisions of this replica in the second before, of windows that were hot then."""

    def count(self, windows: Iterable[bytes], replicas: int, now: float) -> None:
        """Each of these was decided on once; `now` in seconds, of a clock that never steps."""
        second = int(now)
        if second != self._second:
            before = self._counts.items() if second == self._second + 1 else ()
            self.hot = {window: count for window, count in before if is_hot(count, replicas)}
            self._second, self._counts = second, Counter()
        self._counts.update(windows)
