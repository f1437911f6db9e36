"""A limit: how many units one subject may use in any window of time.

For every instant t, no more than `units` are admitted in (t - window, t]. Up to 64 units that is decided
exactly. Above, the window is counted in buckets and the oldest counts whole, so a decision lies between
what the exact windows W and W(1 + 1/buckets) would say: never over the limit, and at most 1/buckets
of a window late.
"""

from dataclasses import dataclass
from enum import StrEnum

EXACT_UNITS = 64
"""A limit of at most so many units keeps every admission by its instant."""
MOST_BUCKETS = 60
FEWEST_BUCKETS = 10
"""Of a limit above EXACT_UNITS: fewer would be late by more than a tenth of a window."""
MOST_UNITS = 1_000_000_000
LONGEST_WINDOW_MS = 31 * 24 * 3_600_000
MOST_RULE_ID = 36**8 - 1


class FailureClass(StrEnum):
    """What becomes of a request while the store that counts does not answer."""

    BOUNDED = "BOUNDED"
    """Each replica decides alone, within its share of the limit."""
    CLOSED = "CLOSED"
    """Refused."""
    OPEN = "OPEN"
    """Admitted."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`units` in any `window_ms`, for each subject of a kind.

    Raises ValueError outside the bounds above, or if the buckets do not divide the window.
    """

    rule_id: int
    """1 to 36^8 - 1. Limits of one id share their counts, whatever else about them changes."""
    subject: str
    """The kind of subject that is counted: `member`, `device`, `address`."""
    units: int
    """0 refuses whatever costs anything."""
    window_ms: int
    buckets: int = 0
    """0: the most that divide the window, at most 60."""
    name: str = ""
    """For people. Empty: made of what it says."""
    version: int = 0
    """Of the rules it belongs to; named with each decision."""
    failure_class: FailureClass | None = None
    """None: the class of the method that is called."""

    def __post_init__(self) -> None:
        bounds = (
            ("rule_id", self.rule_id, 1, MOST_RULE_ID),
            ("units", self.units, 0, MOST_UNITS),
            ("window_ms", self.window_ms, 1, LONGEST_WINDOW_MS),
        )
        for name, value, least, most in bounds:
            if not least <= value <= most:
                raise ValueError(f"{name} is {value}; allowed: {least} to {most}")
        # A frozen dataclass sets what it derives in this way.
        object.__setattr__(self, "buckets", self.buckets or _most_buckets(self.window_ms))
        object.__setattr__(self, "name", self.name or f"{self.subject}:{self.units}/{self.window_ms}ms")
        least = 1 if self.is_exact else FEWEST_BUCKETS
        if not least <= self.buckets <= MOST_BUCKETS or self.window_ms % self.buckets:
            raise ValueError(
                f"{self.buckets} buckets: they are {least} to {MOST_BUCKETS} and divide {self.window_ms} ms"
            )

    @property
    def is_exact(self) -> bool:
        """Whether every admission is kept by its instant."""
        return self.units <= EXACT_UNITS

    @property
    def bucket_ms(self) -> int:
        """Length of a bucket."""
        return self.window_ms // self.buckets


def _most_buckets(window_ms: int) -> int:
    return max(count for count in range(1, MOST_BUCKETS + 1) if window_ms % count == 0)
