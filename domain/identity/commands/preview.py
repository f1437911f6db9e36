"""What a purchase would do, and why it would be refused: nothing is written."""

import hashlib
from dataclasses import dataclass

from domain.identity.catalog import Catalog
from domain.identity.checks import Verdict, judge
from domain.identity.explain import earliest_start, require
from domain.identity.layout import Layout
from domain.identity.orders import Quote
from domain.identity.placement import Acquisition, Placed
from domain.identity.ports import IdentityPorts
from domain.identity.recording import open_timeline
from domain.identity.timeline import Timeline
from domain.identity.wanted import Purchase, acquisition_of, trial_used
from domain.shared.doing import Doing
from domain.shared.instants import Instant

NEVER = {"TRIAL_USED", "SOURCE_NOT_ALLOWED"}
"""Refusals that no waiting mends."""


@dataclass(frozen=True)
class Preview:
    """What a purchase would do now, and the name of the state that this follows from."""

    placed: Placed
    etag: str


@dataclass(frozen=True)
class Explanation:
    """Every check of a purchase, and when a refused one would be accepted."""

    verdict: Verdict
    earliest_start: Instant | None


def preview_purchase(purchase: Purchase, ports: IdentityPorts, doing: Doing) -> Preview:
    """What the purchase would do at this moment. Raises what the purchase would."""
    catalog = ports.catalogs.current(doing.now)
    timeline, layout = open_timeline(ports.timelines, purchase.member_id)
    wanted, verdict = _judged(purchase, catalog, timeline, layout, ports, doing.now)
    placed = require(verdict, timeline, layout, catalog, wanted)
    return Preview(placed, etag_of(catalog, timeline, placed))


def explain_purchase(purchase: Purchase, ports: IdentityPorts, doing: Doing) -> Explanation:
    """Every check of the purchase, and the start it would get when it is first accepted."""
    catalog = ports.catalogs.current(doing.now)
    timeline, layout = open_timeline(ports.timelines, purchase.member_id)
    wanted, verdict = _judged(purchase, catalog, timeline, layout, ports, doing.now)
    never = any(check.refusal and check.refusal.reason in NEVER for check in verdict.checks)
    if verdict.accepted or never:
        return Explanation(verdict, None)
    return Explanation(verdict, earliest_start(timeline, layout, catalog, wanted, verdict.placed))


def etag_of(catalog: Catalog, timeline: Timeline, placed: Placed) -> str:
    """Names what a preview follows from: catalogue, timeline, placement and price."""
    quote = Quote.of(placed)
    basis = (
        timeline.member_id,
        catalog.revision,
        len(timeline.terms),
        sorted(timeline.refunds),
        sorted(timeline.undone_refunds),
        sorted(timeline.stops.items()),
        placed.term.sku_id,
        quote.placement.value,
        quote.lane_id,
        quote.superseded,
        placed.payable,
    )
    return hashlib.sha256(repr(basis).encode()).hexdigest()[:32]


def _judged(
    purchase: Purchase,
    catalog: Catalog,
    timeline: Timeline,
    layout: Layout,
    ports: IdentityPorts,
    at: Instant,
) -> tuple[Acquisition, Verdict]:
    wanted = acquisition_of(purchase, catalog, at, "preview", ports.catalogs)
    used = trial_used(wanted.sku, purchase.trial_subjects, ports.claims)
    return wanted, judge(timeline, layout, catalog, wanted, since=at, now=at, trial_used=used)
