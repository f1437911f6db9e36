"""Pausing, resuming and extending a term, and taking in another member's timeline."""

from collections.abc import Sequence
from dataclasses import replace

from domain.identity.catalog import Rule
from domain.identity.facts import MemberAbsorbed, Recorded, TermPaused, TermPlaced, TermResumed
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.placement import effective_of, thawing
from domain.identity.relations import Decision
from domain.identity.rules import breaks
from domain.identity.termination import term_of
from domain.identity.terms import Cause, CauseKind, Length, Placement, Term, Thaw
from domain.identity.timeline import Timeline
from domain.shared.errors import Refused
from domain.shared.instants import Instant, Period


def pause(
    timeline: Timeline, layout: Layout, rules: Sequence[Rule], term_id: str, now: Instant
) -> TermPaused:
    """Stop a running term. Raises Refused (TERM_STATE_WRONG, PREREQUISITE_MISSING), NotFound."""
    term = term_of(timeline, term_id)
    lane = layout.lanes[term.lane_id]
    running = any(segment.term_id == term_id and segment.holds(now) for segment in lane.segments)
    if not running or lane.waiting:
        state = "PAUSED" if lane.waiting else "NOT_RUNNING"
        raise Refused("TERM_STATE_WRONG", "only a running term can be paused", term_id=term_id, state=state)
    fact = TermPaused(term_id, now)
    require_no_new_break(timeline, layout, rules, fact, now)
    return fact


def resume(
    timeline: Timeline, layout: Layout, rules: Sequence[Rule], term_id: str, now: Instant
) -> TermResumed:
    """Let a paused term run on. Raises Refused (TERM_STATE_WRONG, IDENTITY_CONFLICT), NotFound."""
    term = term_of(timeline, term_id)
    stops = timeline.stops.get(term_id, ())
    if term_id not in layout.lanes[term.lane_id].waiting or not stops or stops[-1].resumed is not None:
        raise Refused("TERM_STATE_WRONG", "the term is not paused", term_id=term_id, state="NOT_PAUSED")
    fact = TermResumed(term_id, now)
    require_no_new_break(timeline, layout, rules, fact, now)
    return fact


def extend(
    timeline: Timeline,
    layout: Layout,
    rules: Sequence[Rule],
    term_id: str,
    extension_id: str,
    by: Period,
    now: Instant,
) -> TermPlaced:
    """Add time behind a term that has some left. Raises Refused (TERM_STATE_WRONG, IDENTITY_CONFLICT)."""
    parent = term_of(timeline, term_id)
    lane = layout.lanes[parent.lane_id]
    if term_id not in lane.waiting and not any(segment.end > now for segment in layout.of(term_id)):
        raise Refused("TERM_STATE_WRONG", "the term has ended", term_id=term_id, state="ENDED")
    behind = Decision(
        Placement.EXTEND, parent.lane_id, (*timeline.order_of(parent), timeline.next_order), now
    )
    decision, thaws = thawing(timeline, layout, behind, now)
    fact = TermPlaced(_extension(parent, decision, thaws, extension_id, by, now))
    require_no_new_break(timeline, layout, rules, fact, now)
    return fact


def _extension(
    parent: Term, decision: Decision, thaws: tuple[Thaw, ...], extension_id: str, by: Period, now: Instant
) -> Term:
    length = Length(parent.length.zone, by, parent.length.end_rounding)
    return replace(
        parent,
        term_id=extension_id,
        order=decision.order,
        length=length,
        acquired=now,
        floor=now,
        pinned=None,
        purchase_start=True,
        placement=Placement.EXTEND,
        cause=Cause(CauseKind.EXTENSION, extension_id),
        paid=0,
        supersedes=(),
        thaws=thaws,
    )


def require_no_new_break(
    timeline: Timeline,
    layout: Layout,
    rules: Sequence[Rule],
    fact: TermPlaced | TermPaused | TermResumed,
    now: Instant,
) -> None:
    """Refuse a fact after which a rule is broken that was not before (ID-7)."""
    effective = effective_of(timeline, fact.term) if isinstance(fact, TermPlaced) else fact.at
    after = timeline.then(Recorded(fact, effective, timeline.announced))
    known = breaks(timeline, layout, rules, now)
    for item in breaks(after, flatten(after), rules, now):
        if item not in known:
            raise Refused(
                "IDENTITY_CONFLICT" if item.other_term_id else "PREREQUISITE_MISSING",
                f"it would break {item.rule.rule_id}",
                rule_id=item.rule.rule_id,
                sku_id=item.rule.sku_id,
                other=" or ".join(item.rule.others),
                term_id=item.other_term_id or item.term_id,
            )


def absorb(
    survivor: Timeline, merged: Timeline, history: Sequence[Recorded], rules: Sequence[Rule], now: Instant
) -> MemberAbsorbed:
    """Take in another member's terms, lanes unchanged. Raises Refused (MERGE_BLOCKED)."""
    fact = MemberAbsorbed(merged.member_id, tuple(history))
    after = survivor.then(Recorded(fact, now, survivor.announced))
    known = {**breaks(survivor, flatten(survivor), rules, now), **breaks(merged, flatten(merged), rules, now)}
    for item in breaks(after, flatten(after), rules, now):
        if item not in known and item.other_term_id:
            raise Refused(
                "MERGE_BLOCKED",
                f"the members' cards conflict ({item.rule.rule_id})",
                rule_id=item.rule.rule_id,
                term_id=item.term_id,
            )
    return fact
