"""When would a refused purchase be accepted, if nothing else happened?"""

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import replace

from domain.identity.catalog import Catalog
from domain.identity.checks import Verdict, judge, shown
from domain.identity.layout import Layout
from domain.identity.placement import Acquisition, Placed
from domain.identity.timeline import Timeline
from domain.shared.errors import Refused
from domain.shared.instants import Instant, Period, Unit, add, local_date

MOST_TRIED = 64
"""Instants that are tried: each costs a placement, and nobody plans behind dozens of changes."""
NAMING_A_START = {"PREREQUISITE_MISSING", "IDENTITY_CONFLICT"}
"""Refusals that say when the purchase would be accepted."""


def require(
    verdict: Verdict, timeline: Timeline, layout: Layout, catalog: Catalog, wanted: Acquisition
) -> Placed:
    """The placement. Raises the Refused of the first failed check; a rule's names the earliest start."""
    try:
        return verdict.require()
    except Refused as refusal:
        if refusal.reason in NAMING_A_START:
            start = earliest_start(timeline, layout, catalog, wanted, verdict.placed)
            named = {"earliest_start_time": shown(start)} if start is not None else {}
            refusal.metadata = {**refusal.metadata, **named}
        raise


def earliest_start(
    timeline: Timeline, layout: Layout, catalog: Catalog, wanted: Acquisition, placed: Placed | None
) -> Instant | None:
    """The start that a refused purchase would get at the earliest later instant of acceptance.

    Acceptance begins where a segment starts or ends, where a grace time begins or ends, where the sale
    opens, or where the horizon reaches the tail: those instants are tried in order. Where the tail itself
    moves with the purchase (an upgrade, by what it converts) it may begin between two of them, and is
    found by halving. `placed` is where the refused term would have come to lie, if it could be placed
    at all. None if there is no such instant among the next `MOST_TRIED`.
    """

    def judged(at: Instant) -> Verdict:
        return judge(timeline, layout, catalog, replace(wanted, at=at), since=at, now=at)

    moments = sorted({moment for moment in _moments(layout, timeline, wanted) if moment > wanted.at})
    refused = wanted.at
    for _ in range(MOST_TRIED):
        if placed and _beyond_horizon(placed, wanted, refused):
            insort(moments, _when_horizon_reaches(placed, wanted, refused))
        at = next((moment for moment in moments if moment > refused), None)
        if at is None:
            return None
        verdict = judged(at)
        if verdict.accepted:
            return _first_accepted(judged, refused, at).require().segments[0].start
        placed, refused = verdict.placed, at
    return None


def _first_accepted(judged: Callable[[Instant], Verdict], refused: Instant, accepted: Instant) -> Verdict:
    """The first verdict that accepts, between an instant that does not and one that does."""
    if not judged(accepted - 1).accepted:
        return judged(accepted)
    while accepted - refused > 1:
        middle = (refused + accepted) // 2
        if judged(middle).accepted:
            accepted = middle
        else:
            refused = middle
    return judged(accepted)


def _moments(layout: Layout, timeline: Timeline, wanted: Acquisition) -> Iterator[Instant]:
    for segment in layout.segments:
        yield segment.start
        yield segment.end
        term = timeline.terms[segment.term_id]
        if term.grace_days:
            # From then on a renewal starts before it is bought.
            yield segment.end + 1
            yield add(segment.end, Period(term.grace_days, Unit.DAY), term.length.zone)
    if wanted.sku.sale_start is not None:
        yield wanted.sku.sale_start


def _beyond_horizon(placed: Placed, wanted: Acquisition, at: Instant) -> bool:
    """Whether the tail, as it would lie for a purchase at `at`, is beyond the horizon."""
    zone = placed.term.length.zone
    return local_date(_tail(placed, at) - 1, zone) > local_date(add(at, wanted.sku.horizon, zone), zone)


def _when_horizon_reaches(placed: Placed, wanted: Acquisition, at: Instant) -> Instant:
    """The first instant after `at` whose horizon takes in that tail, found by halving."""
    zone, tail = placed.term.length.zone, _tail(placed, at)
    last_day = local_date(tail - 1, zone)
    early, late = at, tail
    while late - early > 1:
        middle = (early + late) // 2
        if local_date(add(middle, wanted.sku.horizon, zone), zone) >= last_day:
            late = middle
        else:
            early = middle
    return late


def _tail(placed: Placed, at: Instant) -> Instant:
    return max(placed.layout.lanes[placed.term.lane_id].tail(at) or at, at + 1)
