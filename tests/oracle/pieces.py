"""What the oracle lays: pieces of terms, what cuts them, how far it has come with each."""

from dataclasses import dataclass, field

from tests.oracle.ends import Rest, Run
from tests.oracle.facts import Term, Termination

FOREVER = 1 << 62


@dataclass(frozen=True)
class Piece:
    """One interval of a term."""

    term: Term
    start: int
    end: int
    occupied: int
    run: Run | None
    """Set if the piece is a whole term, which a run can go on from."""
    frozen: bool


@dataclass(frozen=True)
class Cut:
    """An upgrade or a pause; `resumed` is when a paused rest may go on."""

    at: int
    upgrade: str | None = None
    resumed: int | None = None
    freezes: bool = False
    turn: int = 0
    """Of the upgrade, among all operations."""

    @property
    def replaces(self) -> bool:
        """Whether nothing of the term comes after, unless the upgrade is refunded."""
        return self.upgrade is not None and not self.freezes


@dataclass
class Progress:
    """How far a term has been laid."""

    term: Term
    floor: int
    cuts: list[Cut]
    terminations: list[Termination]
    rest: Rest | None = None
    since: int = -FOREVER
    """Refunds before this instant have already shortened the rest."""
    frozen: bool = False
    taken_by: str = ""
    """The upgrade that froze or replaced it last, and whether it was frozen before."""
    frozen_before: bool = False
    thawed: int = -1
    """When it thawed, among all operations: an earlier upgrade does not freeze it again."""
    paused: bool = False
    """It waits, also if an upgrade that replaced it is refunded."""
    loose: bool = False
    """It no longer starts where it was pinned."""

    @property
    def pinned(self) -> int | None:
        return None if self.loose else self.term.pinned

    def due(self) -> tuple[Cut | None, int, list[Termination]]:
        """The next cut, its instant, and the refunds up to it."""
        cut = self.cuts[0] if self.cuts else None
        until = cut.at if cut else FOREVER
        return cut, until, [one for one in self.terminations if self.since <= one.at < until]


@dataclass
class Layout:
    """Where everything lies."""

    pieces: dict[int, list[Piece]] = field(default_factory=dict)
    waiting: dict[str, int | None] = field(default_factory=dict)
    """Paused terms and those behind them, with the length of a rest, or None for a whole term."""
    ended: dict[str, int] = field(default_factory=dict)
    """Terms that a full refund took time from, with its instant."""

    def all(self) -> list[Piece]:
        return [piece for lane in self.pieces.values() for piece in lane]

    def of(self, term_id: str) -> list[Piece]:
        return [piece for piece in self.all() if piece.term.term_id == term_id]

    def tail(self, lane: int, now: int) -> int:
        """R13: the latest end of the pieces that are not frozen, or have begun."""
        ends = [piece.end for piece in self.pieces[lane] if not piece.frozen or piece.start <= now]
        return max(ends, default=-FOREVER)
