"""Qualifying movements: the points by which tiers are reached.

They are apart from the points that can be spent: an earning brings some, a reversal of an earning takes them
back, and spending and expiry are none of them (HO-13).
"""

from dataclasses import dataclass

from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Movement:
    """So many qualifying points more, or with a negative number fewer."""

    points: int
    effective: Instant
    """When it happened."""
    recorded: Instant
    """When we knew."""
    earned: Instant | None = None
    """Of a reversal: when what it takes back was effective. It counts until then, and no longer, so that what
    is taken back is never missed in a window that it was not in."""

    @property
    def earned_at(self) -> Instant:
        """What its window is counted from."""
        return self.effective if self.earned is None else self.earned

    @property
    def is_late_reversal(self) -> bool:
        """Whether it takes away points that had been relied on meanwhile."""
        return self.points < 0 and self.recorded > self.effective


@dataclass(frozen=True, slots=True)
class Counted:
    """A movement in its window."""

    movement: Movement
    until: Instant
    """The first instant at which it no longer counts."""
