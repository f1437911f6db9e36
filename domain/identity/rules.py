"""Prerequisites (S8) and conflicts (S9), judged on a laid-out timeline from an instant on.

A commit is refused if it breaks what was not broken before it: the difference of two `breaks`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.identity.catalog import Rule, RuleKind, RuleMode
from domain.identity.facts import Span
from domain.identity.layout import Layout, Segment
from domain.identity.terms import Term
from domain.identity.timeline import Timeline
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Break:
    """A rule that a term breaks: with another term, or for want of one."""

    rule: Rule
    term_id: str
    other_term_id: str = ""


def breaks(timeline: Timeline, layout: Layout, rules: Iterable[Rule], since: Instant) -> dict[Break, Instant]:
    """Every break from `since` on, with the first instant at which it shows."""
    state = _State(timeline, layout, since)
    found: dict[Break, Instant] = {}
    for rule in rules:
        for item, moment in state.judge(rule):
            found[item] = min(moment, found.get(item, moment))
    return found


def holding(layout: Layout, sku_ids: Iterable[str]) -> list[Segment]:
    """All segments of some SKUs, by start."""
    return sorted(segment for sku_id in sku_ids for segment in layout.by_sku.get(sku_id, ()))


def first_uncovered(span: Span, covers: Sequence[Segment]) -> Instant | None:
    """The first instant of `span` that no cover holds; None if all are. `covers` come by start."""
    reached = span.start
    for cover in covers:
        if cover.start > reached:
            break
        reached = max(reached, cover.end)
    return reached if reached < span.end else None


class _State:
    """One timeline under judgement."""

    def __init__(self, timeline: Timeline, layout: Layout, since: Instant) -> None:
        self._timeline = timeline
        self._layout = layout
        self._since = since

    def judge(self, rule: Rule) -> Iterator[tuple[Break, Instant]]:
        match rule.kind, rule.mode:
            case RuleKind.CONFLICT, RuleMode.EVER_BOUGHT:
                return self._both_bought(rule)
            case RuleKind.CONFLICT, _:
                return self._overlaps(rule)
            case _, RuleMode.EVER_BOUGHT:
                return self._never_bought(rule)
            case _, RuleMode.ACTIVE_AT_START:
                return self._inactive_at_start(rule)
            case _:
                return self._uncovered(rule)

    def _overlaps(self, rule: Rule) -> Iterator[tuple[Break, Instant]]:
        others = [other for other in holding(self._layout, rule.others) if other.end > self._since]
        for own in self._live(rule):
            for other in others:
                if other.start < own.end and own.start < other.end and other.term_id != own.term_id:
                    moment = max(own.start, other.start, self._since)
                    yield Break(rule, own.term_id, other.term_id), moment

    def _both_bought(self, rule: Rule) -> Iterator[tuple[Break, Instant]]:
        others = [term for term in self._bought() if term.sku_id in rule.others]
        for own in self._bought():
            if own.sku_id == rule.sku_id:
                for other in others:
                    if other.term_id != own.term_id:
                        yield Break(rule, own.term_id, other.term_id), max(own.acquired, other.acquired)

    def _never_bought(self, rule: Rule) -> Iterator[tuple[Break, Instant]]:
        others = [term for term in self._bought() if term.sku_id in rule.others]
        for own in self._live(rule):
            term = self._timeline.terms[own.term_id]
            if not any(other.acquired <= term.acquired and other is not term for other in others):
                yield Break(rule, own.term_id), max(own.start, self._since)

    def _inactive_at_start(self, rule: Rule) -> Iterator[tuple[Break, Instant]]:
        others = holding(self._layout, rule.others)
        for own in self._live(rule):
            first = self._layout.of(own.term_id)[0]
            held = any(other.holds(first.start) and other.term_id != own.term_id for other in others)
            if own is first and first.start >= self._since and not held:
                yield Break(rule, own.term_id), first.start

    def _uncovered(self, rule: Rule) -> Iterator[tuple[Break, Instant]]:
        covers = holding(self._layout, rule.others)
        for own in self._live(rule):
            gap = first_uncovered(Span(max(own.start, self._since), own.end), covers)
            if gap is not None:
                yield Break(rule, own.term_id), gap

    def _live(self, rule: Rule) -> list[Segment]:
        return [own for own in self._layout.by_sku.get(rule.sku_id, ()) if own.end > self._since]

    def _bought(self) -> list[Term]:
        return [term for term in self._timeline.terms.values() if self._counts_as_bought(term)]

    def _counts_as_bought(self, term: Term) -> bool:
        """Unless its refunds return the whole price paid; what was free, unless none of it was had."""
        cuts = self._timeline.cuts.get(term.term_id, ())
        if term.paid:
            return self._timeline.refunded(term.term_id) < term.paid
        return not any(cut.full for cut in cuts) or bool(self._layout.of(term.term_id))
