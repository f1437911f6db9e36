"""Which policy decides, and in which lane (S6, S7): what is held, looked up in the relation table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.identity.catalog import Catalog, Policy, Relation, RenewalAnchor, Sku
from domain.identity.layout import Lane, Layout, Segment
from domain.identity.terms import Placement, Term
from domain.identity.timeline import Timeline
from domain.shared.errors import Refused
from domain.shared.instants import Instant, Period, Unit, add


@dataclass(frozen=True)
class Decision:
    """Where a term goes, before its length is known."""

    placement: Placement
    lane_id: str | None
    """None: a lane of its own."""
    order: tuple[int, ...]
    floor: Instant
    starts_now: bool = False
    """An upgrade: it starts at t, whatever is queued."""
    continues: bool = False
    """It takes up an ended lane inside its grace time."""
    superseded: tuple[tuple[Term, Relation], ...] = ()


@dataclass(frozen=True)
class Held:
    """What a member holds of one SPU at t, queued terms included, each with its pair policy."""

    relations: Mapping[str, tuple[Term, Relation]]
    """By term id, in the order of acquisition."""
    paused: str | None
    """A paused term, if there is one."""

    def with_policy(self, policy: Policy) -> list[tuple[Term, Relation]]:
        return [pair for pair in self.relations.values() if pair[1].policy is policy]


def held_at(timeline: Timeline, layout: Layout, catalog: Catalog, bought: Sku, at: Instant) -> Held:
    """The candidates of the pair policy: terms of the SPU with time after `at`, or waiting for some."""
    found: dict[str, tuple[Term, Relation]] = {}
    paused = None
    for lane in layout.lanes.values():
        if lane.spu_id == bought.spu_id:
            live = {segment.term_id for segment in lane.segments if segment.end > at} | set(lane.waiting)
            for term_id in live:
                term = timeline.terms[term_id]
                found[term_id] = (term, catalog.relation(term.sku_id, bought))
                stops = timeline.stops.get(term_id, ())
                if term_id in lane.waiting and stops and stops[-1].resumed is None:
                    paused = term_id
    return Held(dict(sorted(found.items(), key=lambda item: item[1][0].order)), paused)


def decide(
    timeline: Timeline, layout: Layout, held: Held, catalog: Catalog, sku: Sku, at: Instant, now: Instant
) -> Decision:
    """Apply the winning policy: REJECT, then UPGRADE_NOW, RENEW, CHANGE_AT_END, STACK.

    Raises Refused: RELATION_REJECTS, TERM_PAUSED.
    """
    order = (timeline.next_order,)
    if held.paused:
        raise Refused("TERM_PAUSED", "a term of this card type is paused", term_id=held.paused)
    if rejecting := held.with_policy(Policy.REJECT):
        term = rejecting[0][0]
        raise Refused(
            "RELATION_REJECTS",
            f"{sku.sku_id} is not sold to holders of {term.sku_id}",
            held_sku_id=term.sku_id,
            sku_id=sku.sku_id,
            term_id=term.term_id,
        )
    if upgradable := held.with_policy(Policy.UPGRADE_NOW):
        return _upgrade(layout, timeline, upgradable, order, at)
    for policy, placement in (
        (Policy.RENEW, Placement.RENEW),
        (Policy.CHANGE_AT_END, Placement.CHANGE_AT_END),
    ):
        if behind := held.with_policy(policy):
            lane = _latest_tail(layout, [term for term, _ in behind], now)
            return Decision(placement, lane.lane_id, order, floor=at)
    if not held.relations and (old_end := _in_grace(timeline, layout, catalog, sku, at)):
        lane, end = old_end
        return Decision(Placement.RENEW, lane.lane_id, order, floor=end, continues=True)
    return Decision(Placement.STACK, None, order, floor=at)


def _latest_tail(layout: Layout, terms: Sequence[Term], now: Instant) -> Lane:
    lanes = {term.lane_id: layout.lanes[term.lane_id] for term in terms}
    return max(lanes.values(), key=lambda lane: (lane.tail(now) or 0, [-number for number in lane.order]))


def _upgrade(
    layout: Layout,
    timeline: Timeline,
    upgradable: Sequence[tuple[Term, Relation]],
    order: tuple[int, ...],
    at: Instant,
) -> Decision:
    """An upgrade acts on one lane: of the running term with that policy, else of the earliest start."""
    firsts = [(_first_live(layout, term, at), term) for term, _ in upgradable]
    running_first = min(firsts, key=lambda pair: _turn(layout, pair[0], at))
    first = running_first[1]
    starts = {term.term_id: segment.start for segment, term in firsts}
    superseded = tuple(
        sorted(
            (pair for pair in upgradable if pair[0].lane_id == first.lane_id),
            key=lambda pair: starts[pair[0].term_id],
        )
    )
    replaced = {term.term_id for term, _ in superseded}
    running = [
        segment.term_id
        for segment in layout.lanes[first.lane_id].segments
        if segment.holds(at) and segment.term_id not in replaced
    ]
    # In the place of the first card it replaces, or behind one that runs on: what is queued comes behind.
    place = timeline.terms[running[0]] if running else superseded[0][0]
    return Decision(
        Placement.UPGRADE_NOW,
        first.lane_id,
        (*timeline.order_of(place), *order),
        floor=at,
        starts_now=not running,
        superseded=superseded,
    )


def _turn(layout: Layout, segment: Segment, at: Instant) -> tuple[bool, Instant, tuple[int, ...]]:
    """Running terms come first, by the age of their lanes; then queued ones, by their start."""
    running = segment.holds(at)
    return (not running, 0 if running else segment.start, layout.lanes[segment.lane_id].order)


def _first_live(layout: Layout, term: Term, at: Instant) -> Segment:
    return next(segment for segment in layout.of(term.term_id) if segment.end > at)


def _in_grace(
    timeline: Timeline, layout: Layout, catalog: Catalog, sku: Sku, at: Instant
) -> tuple[Lane, Instant] | None:
    """The lane that a CONTINUOUS renewal takes up again, and its old end; the latest end first."""
    if sku.renewal_anchor is not RenewalAnchor.CONTINUOUS:
        return None
    ended: list[tuple[Instant, list[int], Lane]] = []
    for lane in layout.lanes.values():
        last = _last_standing(timeline, lane)
        if lane.spu_id == sku.spu_id and last:
            term = timeline.terms[last.term_id]
            grace_end = add(last.end, Period(term.grace_days, Unit.DAY), term.length.zone)
            renews = catalog.relation(term.sku_id, sku).policy is Policy.RENEW
            if renews and last.end <= at < grace_end:
                ended.append((last.end, [-number for number in lane.order], lane))
    if not ended:
        return None
    end, _, lane = max(ended, key=lambda item: item[:2])
    return lane, end


def _last_standing(timeline: Timeline, lane: Lane) -> Segment | None:
    """The last segment of a lane whose term was not refunded in full."""
    standing = (
        segment
        for segment in lane.segments
        if not any(cut.full for cut in timeline.cuts.get(segment.term_id, ()))
    )
    return max(standing, key=lambda segment: segment.end, default=None)
