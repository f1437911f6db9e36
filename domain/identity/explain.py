"""When would a refused purchase be accepted, if nothing else happened?"""

from collections.abc import Iterator
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

    Acceptance can only begin where a segment starts or ends, where a grace time ends, where the sale
    opens, or where the horizon reaches the tail: those instants are tried in order. `placed` is where
    the refused term would have come to lie, if it could be placed at all. None if there is no such
    instant among the next `MOST_TRIED`.
    """
    moments = set(_moments(layout, timeline, wanted))
    if placed:
        moments.add(_when_horizon_reaches(placed, wanted))
    for at in sorted(moment for moment in moments if moment > wanted.at)[:MOST_TRIED]:
        verdict = judge(timeline, layout, catalog, replace(wanted, at=at), since=at, now=at)
        if verdict.accepted and verdict.placed:
            return verdict.placed.segments[0].start
    return None


def _moments(layout: Layout, timeline: Timeline, wanted: Acquisition) -> Iterator[Instant]:
    for segment in layout.segments:
        yield segment.start
        yield segment.end
        term = timeline.terms[segment.term_id]
        yield add(segment.end, Period(term.grace_days, Unit.DAY), term.length.zone)
    if wanted.sku.sale_start is not None:
        yield wanted.sku.sale_start


def _when_horizon_reaches(placed: Placed, wanted: Acquisition) -> Instant:
    """The first instant whose horizon takes in the tail as it would lie now, found by halving."""
    zone = placed.term.length.zone
    tail = placed.layout.lanes[placed.term.lane_id].tail(wanted.at) or wanted.at
    last_day = local_date(tail - 1, zone)
    early, late = wanted.at, max(tail, wanted.at + 1)
    while late - early > 1:
        middle = (early + late) // 2
        if local_date(add(middle, wanted.sku.horizon, zone), zone) >= last_day:
            late = middle
        else:
            early = middle
    return late
