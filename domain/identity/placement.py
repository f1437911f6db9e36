"""Placing a term (S6, S7): the decision, its length, and what the timeline looks like afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.identity.catalog import Catalog, Channel, Compaction, FixedPeriod, Residue, Sku
from domain.identity.facts import Recorded, TermMoved, TermPlaced, TermSuperseded
from domain.identity.laying import flatten
from domain.identity.layout import Layout, Segment
from domain.identity.relations import Decision, Held, decide, held_at
from domain.identity.terms import Cause, Length, Placement, Supersession, Term, Thaw
from domain.identity.timeline import Timeline
from domain.identity.upgrade import Residues, residues
from domain.shared.errors import Refused
from domain.shared.instants import Instant, Period

MAX_TERMS = 5_000
"""Terms on one timeline; a member who reaches it is no person."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """A term that somebody asks for."""

    term_id: str
    sku: Sku
    at: Instant
    """The moment t for which it is acquired."""
    cause: Cause
    source: str
    channel: Channel
    pinned: bool = False
    """It starts exactly at `at`, and stays there."""
    paid: int | None = None
    """Minor units paid elsewhere; None: the price less the credit of an upgrade."""
    quoted_credit: int | None = None
    """The credit that an order promised."""
    sold: Instant | None = None
    """When it was sold, if that was before `at`: the sale window is held against it."""
    period: Period | None = None
    """How long it lasts, counted from its start; None: as long as the SKU does."""

    @property
    def length(self) -> tuple[Period, FixedPeriod | None]:
        """A yearly period is the SKU's own."""
        return (self.sku.duration, self.sku.fixed_period) if self.period is None else (self.period, None)


@dataclass(frozen=True)
class Placed:
    """A term in its place, and what that does to the others."""

    term: Term
    decision: Decision
    held: Held
    residues: Residues
    price: int
    timeline: Timeline
    layout: Layout
    before: Layout

    @property
    def payable(self) -> int:
        return self.price - self.residues.credit

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self.layout.of(self.term.term_id)

    def consequences(self) -> list[TermMoved | TermSuperseded]:
        """What happened to other terms."""
        replaced = {supersession.term_id for supersession in self.term.supersedes}
        by = self.term.term_id
        superseded = [TermSuperseded(term_id, by, self.layout.spans(term_id)) for term_id in sorted(replaced)]
        return [*superseded, *moves(self.before, self.layout, self.timeline.terms, {by, *replaced})]


def moves(before: Layout, after: Layout, terms: Mapping[str, Term], but: set[str]) -> list[TermMoved]:
    """Terms that lie elsewhere afterwards, in the order of acquisition."""
    return [
        TermMoved(term_id, before.spans(term_id), after.spans(term_id))
        for term_id in terms
        if term_id not in but and before.spans(term_id) != after.spans(term_id)
    ]


def place(timeline: Timeline, layout: Layout, catalog: Catalog, wanted: Acquisition, now: Instant) -> Placed:
    """Put a term on a timeline, by the relation table and the length of its SKU.

    Rules are judged afterwards, on the result (`checks.py`). Raises Refused: RELATION_REJECTS,
    TERM_PAUSED, PINNED_START_TAKEN, TIMELINE_FULL.
    """
    if len(timeline.terms) >= MAX_TERMS:
        raise Refused("TIMELINE_FULL", f"a timeline holds {MAX_TERMS} terms", limit=str(MAX_TERMS))
    held = held_at(timeline, layout, catalog, wanted.sku, wanted.at)
    decision = decide(timeline, layout, held, catalog, wanted.sku, wanted.at, now)
    if wanted.pinned:
        decision = _pinned(decision, layout, wanted)
    decision, thaws = thawing(timeline, layout, decision, now)
    rests = Residues()
    if decision.superseded:
        # Without residue, not without supersession: the new card may lie where a replaced one lay.
        plain = _term(wanted, decision, catalog, _lost(decision), thaws)
        _, trial = _lay(timeline, plain)
        plain_end = trial.of(plain.term_id)[-1].end
        zone = catalog.zone(wanted.sku.sku_id)
        rests = residues(
            timeline,
            layout,
            decision.superseded,
            wanted.sku,
            zone,
            wanted.at,
            plain_end,
            wanted.quoted_credit,
        )
    term = _term(wanted, decision, catalog, rests, thaws)
    after, after_layout = _lay(timeline, term)
    if after_layout.collides:
        raise Refused(
            "PINNED_START_TAKEN", "another term is pinned to this time", term_id=_pinned_other(after, term)
        )
    return Placed(term, decision, held, rests, wanted.sku.price.amount, after, after_layout, before=layout)


def thawing(
    timeline: Timeline, layout: Layout, decision: Decision, now: Instant
) -> tuple[Decision, tuple[Thaw, ...]]:
    """Frozen rests of the lane that have begun keep their place: the new term is ordered behind them."""
    lane = layout.lanes.get(decision.lane_id or "")
    begun = [
        segment.term_id
        for segment in (lane.segments if lane else ())
        if segment.frozen and segment.start <= now
    ]
    if not begun:
        return decision, ()
    turn = timeline.next_order
    thaws = tuple(Thaw(term_id, (turn, place)) for place, term_id in enumerate(dict.fromkeys(begun)))
    new_orders = {timeline.order_of(timeline.terms[thaw.term_id]): thaw.order for thaw in thaws}
    *behind, _ = decision.order
    behind_now = new_orders.get(tuple(behind), tuple(behind))
    return replace(decision, order=(*behind_now, turn + 1)), thaws


def _pinned(decision: Decision, layout: Layout, wanted: Acquisition) -> Decision:
    if decision.continues:
        return replace(decision, placement=Placement.STACK, lane_id=None, floor=wanted.at, continues=False)
    if decision.starts_now or decision.lane_id is None:
        return decision
    for segment in layout.lanes[decision.lane_id].segments:
        if segment.holds(wanted.at):
            raise Refused("PINNED_START_TAKEN", "the start lies inside another term", term_id=segment.term_id)
    return decision


def _lost(decision: Decision) -> Residues:
    """The replaced cards gone, and nothing gained from their rests."""
    gone = (Supersession(term.term_id, Residue.DISCARD, 0, 0, 0) for term, _ in decision.superseded)
    return Residues(tuple(gone))


def _term(
    wanted: Acquisition, decision: Decision, catalog: Catalog, rests: Residues, thaws: tuple[Thaw, ...]
) -> Term:
    sku, spu = wanted.sku, catalog.spus[wanted.sku.spu_id]
    period, fixed_period = wanted.length
    length = Length(spu.zone, period, sku.end_rounding, fixed_period, rests.extra_days, rests.extra_us)
    return Term(
        term_id=wanted.term_id,
        sku_id=sku.sku_id,
        sku_version=catalog.versions.get(sku.sku_id, 1),
        spu_id=sku.spu_id,
        lane_id=decision.lane_id or wanted.term_id,
        order=decision.order,
        length=length,
        acquired=wanted.at,
        floor=decision.floor,
        pinned=wanted.at if wanted.pinned or decision.starts_now else None,
        purchase_start=not (decision.continues or wanted.pinned),
        placement=decision.placement,
        cause=wanted.cause,
        source=wanted.source,
        channel=wanted.channel,
        currency=sku.price.currency,
        paid=sku.price.amount - rests.credit if wanted.paid is None else wanted.paid,
        grace_days=sku.grace_days,
        hold=spu.compaction is Compaction.HOLD,
        supersedes=rests.supersessions,
        thaws=thaws,
        sold=wanted.sold,
    )


def _lay(timeline: Timeline, term: Term) -> tuple[Timeline, Layout]:
    after = timeline.then(
        Recorded(TermPlaced(term), effective=effective_of(timeline, term), recorded=timeline.announced)
    )
    return after, flatten(after)


def effective_of(timeline: Timeline, term: Term) -> Instant:
    """From when a term matters (ID-6): a renewal in grace reaches back to the old end.

    A term heard of late, for a moment before those that it is laid behind, matters only as they do.
    """
    own = min(term.acquired, term.floor)
    if term.pinned is not None:
        return own
    lane = (other for other in timeline.terms.values() if other.lane_id == term.lane_id)
    behind = (min(other.acquired, other.floor) for other in lane if other.order < term.order)
    return max(own, max(behind, default=own))


def _pinned_other(timeline: Timeline, term: Term) -> str:
    lane = [other for other in timeline.terms.values() if other.lane_id == term.lane_id]
    return next((other.term_id for other in lane if other.pinned is not None and other is not term), "")
