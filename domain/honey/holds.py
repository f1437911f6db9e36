"""Holds: points of certain lots that are set aside for a spend that is not certain yet."""

from dataclasses import dataclass
from enum import StrEnum

from domain.honey.lots import Part
from domain.shared.instants import Instant


class HoldState(StrEnum):
    """Only OPEN is not final."""

    OPEN = "OPEN"
    CONFIRMED = "CONFIRMED"
    RELEASED = "RELEASED"
    TIMED_OUT = "TIMED_OUT"
    """Not confirmed in time, or all of its points expired."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold."""

    hold_id: str
    wallet_id: str
    parts: tuple[Part, ...]
    """In burn order; what is still set aside."""
    asked: int
    """How many points were set aside at first."""
    made: Instant
    expires: Instant
    """The first instant at which it can no longer be confirmed."""
    state: HoldState = HoldState.OPEN
    confirmed: int = 0
    """How many of them were spent."""

    @property
    def points(self) -> int:
        """What is still set aside."""
        return sum(part.points for part in self.parts)

    @property
    def is_open(self) -> bool:
        return self.state is HoldState.OPEN
