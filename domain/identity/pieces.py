"""What a lane is laid from: pieces of terms that are still to be placed, and pins that have a place."""

from dataclasses import dataclass

from domain.identity.cutting import Refunded, Touch
from domain.identity.lengths import Rest
from domain.identity.terms import Term
from domain.shared.instants import Instant

Turn = tuple[int, ...]
"""When a piece is laid, among those of its lane: its phase, then its order."""
QUEUED, FROZEN = 0, 1
"""Phases: frozen rests are laid last."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A term, or its rest, that is still to be placed."""

    term: Term
    turn: Turn
    floor: Instant
    touches: tuple[Touch, ...]
    pinned: Instant | None = None
    rest: Rest | None = None
    frozen: bool = False
    frozen_by: str = ""
    """The upgrade whose refund would give it back before its turn."""
    paused: bool = False
    """It waits, and from its turn on so does everything that is not pinned."""

    @property
    def refunded_in_full(self) -> Instant | None:
        full = (touch.at for touch in self.touches if isinstance(touch, Refunded) and not touch.leaves)
        return next(full, None)

    def heeds_hold_of(self, refunded: Term) -> bool:
        """HOLD is for what is queued: not for frozen rests, nor for what a refunded upgrade gives back."""
        given_back = any(item.term_id == self.term.term_id for item in refunded.supersedes)
        return not (self.frozen or given_back)


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned piece in its place: what it takes, and what later terms leave to it."""

    term: Term
    start: Instant
    end: Instant
    onward: Instant
    held: Instant

    def takes_until(self, piece: Piece) -> Instant:
        """Until when it keeps a piece away."""
        return max(self.end, self.held) if piece.heeds_hold_of(self.term) else self.end
