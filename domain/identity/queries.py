"""What can be asked of a timeline without changing it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.identity.announcing import Holding, holdings
from domain.identity.facts import Recorded
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.recording import require_own
from domain.identity.terms import Term
from domain.identity.timeline import Timeline, fold, seen
from domain.shared.instants import Instant, Period, Unit, add


class TermState(StrEnum):
    """Where a term stands at an instant; what follows from time alone is never stored."""

    QUEUED = "QUEUED"
    ACTIVE = "ACTIVE"
    GRACE = "GRACE"
    ENDED = "ENDED"
    SUPERSEDED = "SUPERSEDED"
    FROZEN = "FROZEN"
    PAUSED = "PAUSED"
    REFUNDED = "REFUNDED"


@dataclass(frozen=True)
class View:
    """A timeline as it was effective and known at two instants, laid out, and the instant of its states."""

    timeline: Timeline
    layout: Layout
    at: Instant


def view(
    member_id: str, history: list[Recorded], as_of: Instant | None, known_at: Instant | None, now: Instant
) -> View:
    """The timeline of a member's facts. Raises Refused (MEMBER_MERGED)."""
    timeline = fold(Timeline(member_id), seen(history, as_of, known_at))
    require_own(timeline)
    at = as_of if as_of is not None else known_at if known_at is not None else now
    return View(timeline, flatten(timeline), at)


def state_of(timeline: Timeline, layout: Layout, term: Term, at: Instant) -> TermState:
    """The state of a term at an instant."""
    lane = layout.lanes[term.lane_id]
    segments = layout.of(term.term_id)
    if any(segment.holds(at) for segment in segments):
        return TermState.ACTIVE
    if term.term_id in lane.waiting:
        return TermState.PAUSED
    if later := [segment for segment in segments if segment.start > at]:
        return TermState.FROZEN if later[0].frozen else TermState.QUEUED
    if any(cut.full and cut.at <= at for cut in timeline.cuts.get(term.term_id, ())):
        return TermState.REFUNDED
    if _superseded(timeline, lane.undone, term, at):
        return TermState.SUPERSEDED
    grace_ends = [
        add(segment.end, Period(term.grace_days, Unit.DAY), term.length.zone) for segment in segments[-1:]
    ]
    return TermState.GRACE if any(at < end for end in grace_ends) else TermState.ENDED


def _superseded(timeline: Timeline, undone: dict[str, Instant], term: Term, at: Instant) -> bool:
    upgrades = timeline.superseded.get(term.term_id, ())
    return any(upgrade.acquired <= at and upgrade.term_id not in undone for upgrade, _ in upgrades)


def identities(layout: Layout, at: Instant) -> list[Holding]:
    """The identities that hold at an instant."""
    return [holding for holding in holdings(layout) if holding.holds(at)]
