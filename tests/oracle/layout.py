"""Lays a member's terms out in time, from the facts alone: R2 to R7, R18.

Terms are laid in order of acquisition, each behind everything of an earlier order. A cut (upgrade, pause)
leaves a rest, which keeps the term's order; what a refunded upgrade gives back waits for its turn until the
upgrade is laid. Frozen rests come last. Refunds that HOLD leave a gap: `occupied` is where a piece would have
ended without them, and later terms keep behind that.
"""

from dataclasses import replace
from functools import lru_cache

from tests.oracle.ends import (
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
from tests.oracle.pieces import FOREVER, Cut, Layout, Piece, Progress


@lru_cache(maxsize=64)  # one operation asks for the same few histories several times
def lay_out(history: History) -> Layout:
    """The timeline.

    An upgrade leaves a pinned start alone that comes after its refund, which is known only once the upgrade
    is laid: so again, until no more upgrades turn out to be refunded.
    """
    ended: dict[str, int] = {}
    for _ in range(len(history.terms) + 2):
        layout = Layout()
        for lane in history.lanes():
            LaneLayout(history, lane, ended, layout).lay()
        if layout.ended.keys() <= ended.keys():
            return layout
        ended = ended | layout.ended
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
        self.replaced: list[Progress] = []
        """What an upgrade replaced: it comes back if that turns out to be refunded."""
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
                freezes=residue == "FREEZE",
                turn=upgrade.order[-1],
            )
            for upgrade in self.terms
            for superseded, residue in upgrade.supersedes
            if superseded == term.term_id
        ]
        cuts += [
            Cut(pause.at, resumed=pause.resumed)
            for pause in self.history.pauses
            if pause.term_id == term.term_id
        ]
        cuts.sort(key=lambda cut: cut.at)
        if term.pinned is not None:
            # What came and went before a pinned start left it alone.
            cuts = [cut for cut in cuts if max(cut.at, self._over(cut)) > term.pinned]
        return Progress(term, term.floor, cuts, self.history.terminations_of(term.term_id))

    def _over(self, cut: Cut) -> int:
        """When an upgrade was refunded or a pause ended."""
        over = cut.resumed if cut.upgrade is None else self.ended.get(cut.upgrade)
        return FOREVER if over is None else over

    def _lay_term(self, progress: Progress) -> None:
        while True:
            cut, until, refunds = progress.due()
            if progress.paused or (self.blocked and progress.pinned is None):
                waits = self._wait(progress)
                self.blocked |= progress.paused and waits
                return
            piece, natural = self._find_place(progress)
            begun = piece.start < until
            full = next((one for one in refunds if one.full), None)
            if full:
                self._note_ended(progress, full, piece.start, natural)
            if begun:
                self._put(progress, piece, until)
            ended = progress.term.term_id in self.layout.ended
            if begun and not ended and progress.pinned is None and piece.end <= piece.start:
                # Nothing of it is left, but what is behind it waited for it.
                self.cursor = max(self.cursor, progress.floor)
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
        if cut.upgrade is None:
            progress.paused = cut.resumed is None
            progress.floor = max(progress.floor, cut.resumed or cut.at)
            return True
        progress.floor = max(progress.floor, cut.at)
        if cut.upgrade in self.layout.ended:
            progress.floor = max(progress.floor, self.layout.ended[cut.upgrade])
            return True
        if cut.freezes and cut.turn < progress.thawed:
            return True
        progress.taken_by, progress.frozen_before = cut.upgrade, progress.frozen
        progress.frozen = cut.freezes
        (self.frozen if cut.freezes else self.replaced).append(progress)
        return False

    def _lay_returning(self) -> None:
        """R6: what an upgrade replaced comes back behind what was had of it."""
        while back := [one for one in self.replaced + self.frozen if one.taken_by in self.layout.ended]:
            first = min(back, key=lambda one: one.term.order)
            (self.frozen if first in self.frozen else self.replaced).remove(first)
            first.frozen = first.frozen_before
            first.floor = max(first.floor, self.layout.ended[first.taken_by])
            self._lay_term(first)

    def _wait(self, progress: Progress) -> bool:
        """No interval for now. A full refund ends the waiting; what waited behind goes on from there."""
        taking = next((cut for cut in progress.cuts if cut.replaces), None)
        if taking:
            progress.cuts.remove(taking)
            return self._goes_on(progress, taking) and self._wait(progress)
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
