"""Ending a term for a refund, and undoing that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from domain.identity.catalog import Catalog, OnBreak, Rule, RuleKind, RuleMode
from domain.identity.facts import Cut, Recorded, Span, TermMoved, TermReinstated, TermTerminated
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.placement import moves
from domain.identity.rules import Break, breaks
from domain.identity.terms import Term
from domain.identity.timeline import Timeline
from domain.identity.value import refundable
from domain.shared.errors import NotFound, Refused
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Ending:
    """A wish to end a term."""

    refund_id: str
    term_id: str
    at: Instant
    share: Fraction
    keep_time: bool
    reason: str


@dataclass(frozen=True)
class Terminated:
    """A refund and what it does."""

    fact: TermTerminated
    timeline: Timeline
    layout: Layout
    before: Layout
    held_back_by: str
    """The rule for whose sake later terms stay where they are; empty: none."""

    @property
    def moves(self) -> Sequence[TermMoved]:
        cut = {cut.term_id for cut in self.fact.cuts}
        return moves(self.before, self.layout, self.timeline.terms, cut)

    @property
    def returning(self) -> Sequence[str]:
        """Upgraded cards that come back."""
        cut = [self.timeline.terms[item.term_id] for item in self.fact.cuts if item.full]
        replaced = {supersession.term_id for term in cut for supersession in term.supersedes}
        return [move.term_id for move in self.moves if move.term_id in replaced]

    def spans(self, cut: Cut) -> tuple[Sequence[Span], Sequence[Span]]:
        """Where a term lay, and what is left of it."""
        return self.before.spans(cut.term_id), self.layout.spans(cut.term_id)


def term_of(timeline: Timeline, term_id: str) -> Term:
    """A term of this member. Raises NotFound (TERM_NOT_FOUND)."""
    if term_id not in timeline.terms:
        raise NotFound("TERM_NOT_FOUND", "the member has no such term", term_id=term_id)
    return timeline.terms[term_id]


def terminate(
    timeline: Timeline, layout: Layout, rules: Sequence[Rule], wish: Ending, now: Instant
) -> Terminated:
    """End a term: later terms close up or stay by their policy, and stay if closing up breaks a rule.

    A rule that the missing term breaks then decides itself: KEEP lets it be, CASCADE ends the dependent
    where its prerequisite now ends, BLOCK refuses. Raises Refused: REFUND_BLOCKED.
    """
    term = term_of(timeline, wish.term_id)
    known = breaks(timeline, layout, rules, now)
    first = _cut(timeline, layout, term, wish.at, wish.share, wish.keep_time)
    closing = _with(timeline, wish, [first])
    held_back_by = ""
    if not first.hold and (harm := _new(closing, rules, now, known)):
        staying = _with(timeline, wish, [replace(first, hold=True)])
        spared = {item: at for item, at in harm.items() if item not in _new(staying, rules, now, known)}
        if spared:
            held_back_by = next(iter(spared)).rule.rule_id
            first, closing = replace(first, hold=True), staying
    cuts = [first]
    while harm := _answerable(_new(closing, rules, now, known)):
        cuts += _cascade(timeline, layout, harm, wish, cuts)
        closing = _with(timeline, wish, cuts)
    after = flatten(closing)
    return Terminated(
        TermTerminated(wish.refund_id, tuple(cuts), wish.reason), closing, after, layout, held_back_by
    )


def _cut(timeline: Timeline, layout: Layout, term: Term, at: Instant, share: Fraction, keep: bool) -> Cut:
    refund = refundable(timeline, layout, term, at, share)
    return Cut(term.term_id, at, share, keep, term.hold, refund)


def _with(timeline: Timeline, wish: Ending, cuts: Sequence[Cut]) -> Timeline:
    fact = TermTerminated(wish.refund_id, tuple(cuts), wish.reason)
    return timeline.then(Recorded(fact, effective=wish.at, recorded=timeline.announced))


def _new(
    timeline: Timeline, rules: Sequence[Rule], now: Instant, known: Mapping[Break, Instant]
) -> dict[Break, Instant]:
    found = breaks(timeline, flatten(timeline), rules, now)
    return {item: at for item, at in found.items() if item not in known}


def _answerable(harm: Mapping[Break, Instant]) -> dict[Break, Instant]:
    """Breaks that something must be done about: a prerequisite's KEEP asks for nothing."""
    return {item: at for item, at in harm.items() if item.rule.on_break is not OnBreak.KEEP}


def _cascade(
    timeline: Timeline, layout: Layout, harm: Mapping[Break, Instant], wish: Ending, cuts: Sequence[Cut]
) -> list[Cut]:
    ended = {cut.term_id for cut in cuts}
    found: dict[str, Cut] = {}
    for item, moment in sorted(harm.items(), key=lambda pair: (pair[1], pair[0].term_id)):
        cascades = item.rule.kind is RuleKind.PREREQUISITE and item.rule.on_break is OnBreak.CASCADE
        if not cascades or item.term_id in ended:
            raise Refused(
                "REFUND_BLOCKED",
                f"{item.rule.rule_id} needs this term",
                rule_id=item.rule.rule_id,
                term_id=item.term_id,
            )
        at = max(moment, wish.at) if item.rule.mode is RuleMode.COVERS_INTERVAL else wish.at
        term = timeline.terms[item.term_id]
        found.setdefault(item.term_id, _cut(timeline, layout, term, at, Fraction(1), keep=False))
    return list(found.values())


@dataclass(frozen=True)
class Reinstated:
    """An undone refund and what that does."""

    fact: TermReinstated
    timeline: Timeline
    layout: Layout
    before: Layout

    @property
    def moves(self) -> Sequence[TermMoved]:
        return moves(self.before, self.layout, self.timeline.terms, set())


def reinstate(
    timeline: Timeline, layout: Layout, catalog: Catalog, refund_id: str, now: Instant
) -> Reinstated:
    """Undo a refund, as if it had never been.

    Raises NotFound (REFUND_NOT_FOUND) and Refused (REINSTATEMENT_BLOCKED): it would break a rule, or
    move a term that has started.
    """
    if refund_id not in timeline.refunds:
        raise NotFound("REFUND_NOT_FOUND", "no such refund", refund_id=refund_id)
    refund = timeline.refunds[refund_id]
    fact = TermReinstated(refund_id)
    after = timeline.then(Recorded(fact, effective=refund.cuts[0].at, recorded=timeline.announced))
    result = Reinstated(fact, after, flatten(after), layout)
    returning = {cut.term_id for cut in refund.cuts}
    for move in result.moves:
        if move.term_id not in returning and _past(move.before, now) != _past(move.after, now):
            raise Refused(
                "REINSTATEMENT_BLOCKED", "it would move a term that has started", term_id=move.term_id
            )
    known = breaks(timeline, layout, catalog.rules, now)
    for item in breaks(after, result.layout, catalog.rules, now):
        if item not in known:
            raise Refused(
                "REINSTATEMENT_BLOCKED",
                f"it would break {item.rule.rule_id}",
                term_id=item.term_id,
                rule_id=item.rule.rule_id,
            )
    if result.layout.collides:
        raise Refused("REINSTATEMENT_BLOCKED", "its time is taken", term_id=refund.cuts[0].term_id)
    return result


def _past(spans: Sequence[Span], now: Instant) -> list[Span]:
    """What of some intervals has begun: a start in the past may not change, nor time that was had."""
    return [Span(span.start, min(span.end, now)) for span in spans if span.start < now]
