"""Lays a member's terms out in time, from the facts alone: R2 to R7, R18.

Terms are laid in order of acquisition, each behind everything of an earlier order. A cut (upgrade, pause)
leaves a rest, which keeps the term's order; what a refunded upgrade gives back waits for its turn until the
upgrade is laid. Frozen rests come last. Refunds that HOLD leave a gap: `occupied` is where a piece would have
ended without them, and later terms keep behind that.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from tests.oracle.ends import (
    Rest,
    Run,
    lengthened,
    period_end,
    rest_end,
    rest_of,
    run_end,
    run_with,
    trimmed,
)
from tests.oracle.facts import History, Term, Termination

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
    """An upgrade or a pause. `back` is when the rest may go on: the undoing or the resumption."""

    at: int
    upgrade: str | None
    back: int | None
    freezes: bool
    pauses: bool
    turn: int = 0
    """Of the upgrade, among all operations."""

    @property
    def replaces(self) -> bool:
        """Whether nothing of the term comes after."""
        return self.back is None and not self.freezes and not self.pauses


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
    thawed: int = -1
    """When it thawed, among all operations: an earlier upgrade does not freeze it again."""
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


@lru_cache(maxsize=64)  # one operation asks for the same few histories several times
def lay_out(history: History) -> Layout:
    """The timeline.

    An upgrade that is refunded with time left gives its superseded terms back (R6), which is known only
    once the upgrade is laid: so again, until nothing changes.
    """
    ended: dict[str, int] = {}
    for _ in range(len(history.terms) + 2):
        layout = Layout()
        for lane in history.lanes():
            LaneLayout(history, lane, ended, layout).lay()
        if layout.ended == ended:
            return layout
        ended = layout.ended
    raise AssertionError("the layout does not settle")


class LaneLayout:
    """Lays one lane, piece by piece."""

    def __init__(self, history: History, lane: int, ended: dict[str, int], layout: Layout) -> None:
        self.history = history
        self.lane = lane
        self.terms = [term for term in history.terms if term.lane == lane]
        self.ended = ended
        self.layout = layout
        self.laid: list[Piece] = []
        self.cursor = -FOREVER
        self.blocked = False
        self.kept: list[tuple[Term, int]] = []
        """What HOLD keeps free: the refunded term, and until when."""
        self.returning: list[tuple[str, Progress]] = []
        """What comes back once its upgrade is laid."""
        self.frozen: list[Progress] = []
        self.to_lay: list[Progress] = []

    def lay(self) -> None:
        self.to_lay = [self._begin(term) for term in self.terms]
        turns = [(progress.term.order, "lay", progress.term.term_id) for progress in self.to_lay]
        turns += [(thaw.order, "thaw", thaw.term_id) for thaw in self.history.thaws]
        for order, turn, term_id in sorted(turns):
            waiting_list = self.to_lay if turn == "lay" else self.frozen
            progress = next((one for one in waiting_list if one.term.term_id == term_id), None)
            if progress:
                waiting_list.remove(progress)
                progress.frozen = False
                progress.thawed = order[0] if turn == "thaw" else -1
                self._lay_term(progress)
                self._lay_returning()
        self._lay_frozen()
        self.layout.pieces[self.lane] = sorted(self._real(), key=lambda piece: piece.start)

    def _real(self) -> list[Piece]:
        """Without the gaps that HOLD leaves."""
        return [piece for piece in self.laid if piece.start < piece.end]

    def _begin(self, term: Term) -> Progress:
        cuts = [
            Cut(
                at=upgrade.moment,
                upgrade=upgrade.term_id,
                back=self.ended.get(upgrade.term_id),
                freezes=residue == "FREEZE",
                pauses=False,
                turn=upgrade.order[-1],
            )
            for upgrade in self.terms
            for superseded, residue in upgrade.supersedes
            if superseded == term.term_id
        ]
        cuts += [
            Cut(pause.at, None, pause.resumed, freezes=False, pauses=True)
            for pause in self.history.pauses
            if pause.term_id == term.term_id
        ]
        cuts.sort(key=lambda cut: cut.at)
        # An upgrade that came and went before a pinned start left it alone.
        cuts = [
            cut
            for cut in cuts
            if not (cut.back is not None and max(cut.at, cut.back) <= (term.pinned or -FOREVER))
        ]
        return Progress(term, term.floor, cuts, self.history.terminations_of(term.term_id))

    def _lay_term(self, progress: Progress) -> None:
        while True:
            cut, until, refunds = progress.due()
            if self.blocked and progress.pinned is None:
                self._wait(progress)
                return
            piece, natural = self._find_place(progress)
            begun = piece.start < until
            full = next((one for one in refunds if one.full), None)
            if full:
                self._note_ended(progress, full, piece.start, natural)
            if begun:
                self._put(progress, piece, until)
            if cut is None or (begun and piece.end <= until) or (full and not begun):
                return
            # What comes later was planned behind this until now.
            self.cursor = max(self.cursor, until)
            if begun:
                progress.rest = rest_of(progress.term.card, until, piece.end)
                progress.since = until
                if not progress.rest:
                    return
            progress.cuts.pop(0)
            progress.loose = True
            if not self._goes_on(progress, cut):
                return

    def _note_ended(self, progress: Progress, full: Termination, start: int, natural: int) -> None:
        """R6: only time that was running or queued counts, not what is frozen."""
        _, _, refunds = progress.due()
        left = trimmed(progress.term.card, start, natural, [one for one in refunds if one.at < full.at])
        if left > max(start, full.at) and not (progress.frozen and start > full.at):
            self.layout.ended.setdefault(progress.term.term_id, full.at)
            # Later terms start at `at`, even if they were bought before it.
            self.cursor = max(self.cursor, full.at)

    def _goes_on(self, progress: Progress, cut: Cut) -> bool:
        """Whether what a cut left can be laid at once."""
        if cut.back is not None:
            progress.floor = max(progress.floor, cut.back)
            if cut.upgrade is None or cut.upgrade in self.layout.ended:
                return True
            self.returning.append((cut.upgrade, progress))
            return False
        if cut.pauses:
            self.blocked = self._wait(progress) or self.blocked
        elif cut.freezes and cut.turn < progress.thawed:
            progress.floor = max(progress.floor, cut.at)
            return True
        elif cut.freezes:
            progress.floor = max(progress.floor, cut.at)
            progress.frozen = True
            self.frozen.append(progress)
        return False

    def _lay_returning(self) -> None:
        """R6: what an upgrade replaced comes back behind what was had of it."""
        while ready := [one for one in self.returning if one[0] in self.layout.ended]:
            first = min(ready, key=lambda one: one[1].term.order)
            self.returning.remove(first)
            self._lay_term(first[1])

    def _wait(self, progress: Progress) -> bool:
        """No interval for now. A full refund ends the waiting; what waited behind goes on from there."""
        if any(cut.replaces for cut in progress.cuts):
            return False
        full = next((one for one in progress.terminations if one.full and one.at >= progress.since), None)
        if full:
            self.layout.ended.setdefault(progress.term.term_id, full.at)
            self.cursor = max(self.cursor, full.at)
            return False
        self.layout.waiting[progress.term.term_id] = progress.rest.length if progress.rest else None
        return True

    def _put(self, progress: Progress, piece: Piece, until: int) -> None:
        cut_end, occupied = min(piece.end, until), min(piece.occupied, until)
        run = piece.run if occupied == piece.occupied else None
        self.laid.append(
            Piece(piece.term, piece.start, cut_end, max(cut_end, occupied), run, progress.frozen)
        )
        if piece.start < cut_end:
            self.cursor = max(self.cursor, cut_end)
        if piece.start < occupied:
            self.kept.append((progress.term, occupied))

    def _find_place(self, progress: Progress) -> tuple[Piece, int]:
        """The piece as it would be without its next cut, and its end before refunds."""
        _, until, _ = progress.due()
        if progress.pinned is not None:
            return self._at(progress, progress.pinned)
        start = max(self._free_from(progress), progress.floor)
        while True:
            piece, natural = self._at(progress, start)
            upto = max(start, min(piece.end, until))
            pins = self._pins_against(progress)
            clashes = [pin for pin in pins if start < pin.occupied and pin.start < upto]
            if not clashes:
                return piece, natural
            start = min(clashes, key=lambda pin: pin.start).occupied

    def _free_from(self, progress: Progress) -> int:
        """Behind all that was laid; frozen rests and what comes back need not heed HOLD."""
        if progress.frozen:
            return max((piece.end for piece in self._real()), default=-FOREVER)
        kept = [until for term, until in self.kept if not _gave_back(term, progress)]
        return max(self.cursor, *kept, -FOREVER)

    def _at(self, progress: Progress, start: int) -> tuple[Piece, int]:
        term, (_, _, refunds) = progress.term, progress.due()
        run = None
        if progress.rest:
            natural = rest_end(term.card, progress.rest, start)
        elif term.card.fixed_period and not term.extension:
            natural = lengthened(term, period_end(term.card, start))
        else:
            bought = start == term.moment and not (term.continues_grace or term.pinned_by_operator)
            alone = progress.frozen or term.extra_days or term.extra_us
            run = run_with(None if alone else self._run_until(start), term, start, bought)
            natural = lengthened(term, run_end(run, term.card.zone))
            run = None if alone else run
        end = trimmed(term.card, start, natural, refunds)
        occupied = max(end, trimmed(term.card, start, natural, [one for one in refunds if not one.hold]))
        return Piece(
            term, start, end, occupied, run if occupied == natural else None, progress.frozen
        ), natural

    def _run_until(self, start: int) -> Run | None:
        """The run of the whole term that ends exactly here."""
        pieces = self.laid + self._pins(before=start)
        return next((piece.run for piece in pieces if piece.occupied == start), None)

    def _pins_against(self, progress: Progress) -> list[Piece]:
        """What a refunded upgrade gives back comes back at once: its HOLD is for the others."""
        pins = [
            replace(pin, occupied=pin.end) if _gave_back(pin.term, progress) else pin for pin in self._pins()
        ]
        return [pin for pin in pins if pin.start < pin.occupied]

    def _pins(self, before: int = FOREVER) -> list[Piece]:
        """Pinned pieces whose turn has not come."""
        found = []
        for progress in self.to_lay:
            if progress.pinned is not None and progress.pinned < before:
                piece, _ = self._at(progress, progress.pinned)
                _, until, _ = progress.due()
                occupied = min(max(piece.end, piece.occupied), until)
                run = piece.run if occupied == piece.occupied else None
                end = min(piece.end, until)
                found.append(Piece(piece.term, piece.start, end, occupied, run, frozen=False))
        return [piece for piece in found if piece.start < piece.occupied]

    def _lay_frozen(self) -> None:
        """R7: behind everything else, in order; HOLD does not keep them away."""
        while self.frozen:
            progress = min(self.frozen, key=lambda one: one.term.order)
            self.frozen.remove(progress)
            self._lay_term(progress)
            self._lay_returning()


def _gave_back(upgrade: Term, progress: Progress) -> bool:
    return progress.term.term_id in [superseded for superseded, _ in upgrade.supersedes]
