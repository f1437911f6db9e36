"""A member's timeline: the fold of its facts. What it looks like in time is `layout.py`'s business."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from domain.identity import facts
from domain.identity.facts import Cut, Recorded
from domain.identity.terms import Supersession, Term
from domain.shared.instants import EARLIEST, Instant


@dataclass(frozen=True, slots=True)
class Stop:
    """One pause of a term, and when it ended, if it has."""

    paused: Instant
    resumed: Instant | None


@dataclass(frozen=True)
class Timeline:
    """The state of one member: the fold of its facts, in their order."""

    member_id: str
    sequence: int = 0
    """Of the last fact."""
    terms: Mapping[str, Term] = field(default_factory=dict)
    """In the order of recording."""
    recorded: Mapping[str, Instant] = field(default_factory=dict)
    """When each term was recorded."""
    refunds: Mapping[str, facts.TermTerminated] = field(default_factory=dict)
    """All refunds ever, by refund id."""
    undone_refunds: frozenset[str] = frozenset()
    stops: Mapping[str, tuple[Stop, ...]] = field(default_factory=dict)
    holding: Mapping[tuple[str, str], Instant] = field(default_factory=dict)
    """(lane, SKU) that were announced as started and not as ended, and since when."""
    announced: Instant = EARLIEST
    """Starts and ends up to here, inclusive, have been announced."""
    absorbed: frozenset[str] = frozenset()
    survivor: str | None = None

    @cached_property
    def cuts(self) -> Mapping[str, tuple[Cut, ...]]:
        """The cuts in force, by term."""
        found: dict[str, tuple[Cut, ...]] = {}
        for refund_id, refund in self.refunds.items():
            if refund_id not in self.undone_refunds:
                for cut in refund.cuts:
                    found[cut.term_id] = (*found.get(cut.term_id, ()), cut)
        return found

    @cached_property
    def superseded(self) -> Mapping[str, tuple[tuple[Term, Supersession], ...]]:
        """The upgrades that replaced each term; more than one if an earlier one was undone."""
        found: dict[str, tuple[tuple[Term, Supersession], ...]] = {}
        for term in self.terms.values():
            for supersession in term.supersedes:
                known = found.get(supersession.term_id, ())
                found[supersession.term_id] = (*known, (term, supersession))
        return found

    @cached_property
    def thaws(self) -> Mapping[str, tuple[tuple[int, ...], ...]]:
        """The orders that frozen rests took when they had begun, by term."""
        found: dict[str, tuple[tuple[int, ...], ...]] = {}
        for term in self.terms.values():
            for thaw in term.thaws:
                found[thaw.term_id] = (*found.get(thaw.term_id, ()), thaw.order)
        return found

    @cached_property
    def next_order(self) -> int:
        return 1 + max((number for term in self.terms.values() for number in term.order), default=0)

    def order_of(self, term: Term) -> tuple[int, ...]:
        """Where a term stands in its lane: where it thawed last, if it was frozen."""
        return self.thaws.get(term.term_id, (term.order,))[-1]

    def refunded(self, term_id: str) -> int:
        """Minor units paid back for a term so far."""
        return sum(cut.refund for cut in self.cuts.get(term_id, ()))

    def then(self, *news: Recorded) -> "Timeline":
        return fold(self, news)


def fold(timeline: Timeline, news: Iterable[Recorded]) -> Timeline:
    """The timeline after more facts. Folding from zero or in parts gives the same (ID-2)."""
    state = _Folding(timeline)
    for recorded in news:
        state.take(recorded)
    return state.done()


def seen(history: Iterable[Recorded], as_of: Instant | None, known_at: Instant | None) -> list[Recorded]:
    """The facts effective by `as_of` and recorded by `known_at`; None: no bound."""
    kept = []
    for line in history:
        if known_at is not None and line.recorded > known_at:
            continue
        if isinstance(line.fact, facts.MemberAbsorbed):
            inner = tuple(seen(line.fact.facts, as_of, None))
            kept.append(replace(line, fact=replace(line.fact, facts=inner)))
        elif as_of is None or line.effective <= as_of:
            kept.append(line)
    return kept


def acquisitions(history: Iterable[Recorded]) -> list[Recorded]:
    """The facts that a layout follows from: no consequences and no announcements."""
    derived = (facts.IdentityStarted, facts.IdentityEnded, facts.TermMoved, facts.TermSuperseded)
    return [line for line in history if not isinstance(line.fact, derived)]


class _Folding:
    """One fold in progress: mutable copies, so that a long history costs no copy a fact."""

    def __init__(self, start: Timeline) -> None:
        self._start = start
        self._sequence = start.sequence
        self._terms = dict(start.terms)
        self._recorded = dict(start.recorded)
        self._refunds = dict(start.refunds)
        self._undone = set(start.undone_refunds)
        self._stops = dict(start.stops)
        self._holding = dict(start.holding)
        self._announced = start.announced
        self._absorbed = set(start.absorbed)
        self._survivor = start.survivor

    def take(self, recorded: Recorded) -> None:
        self._sequence = max(self._sequence, recorded.sequence)
        self._announced = max(self._announced, recorded.recorded)
        match recorded.fact:
            case facts.IdentityStarted(lane_id, sku_id):
                self._holding[lane_id, sku_id] = recorded.effective
            case facts.IdentityEnded(lane_id, sku_id):
                self._holding.pop((lane_id, sku_id), None)
            case facts.MemberGone(survivor):
                self._survivor = survivor
                self._terms.clear()
            case _:
                self._take_acquisition(recorded)

    def _take_acquisition(self, recorded: Recorded) -> None:
        match recorded.fact:
            case facts.TermPlaced(term):
                self._terms.setdefault(term.term_id, term)
                self._recorded.setdefault(term.term_id, recorded.recorded)
            case facts.TermTerminated(refund_id):
                self._refunds.setdefault(refund_id, recorded.fact)
            case facts.TermReinstated(refund_id):
                self._undone.add(refund_id)
            case facts.TermPaused(term_id, at):
                self._stops[term_id] = (*self._stops.get(term_id, ()), Stop(at, None))
            case facts.TermResumed(term_id, at):
                *before, last = self._stops[term_id]
                self._stops[term_id] = (*before, Stop(last.paused, at))
            case facts.MemberAbsorbed(member_id, history):
                self._absorbed.add(member_id)
                for inner in history:
                    self._take_acquisition(inner)
            case _:
                """Consequences of other facts say nothing new."""

    def done(self) -> Timeline:
        return Timeline(
            member_id=self._start.member_id,
            sequence=self._sequence,
            terms=self._terms,
            recorded=self._recorded,
            refunds=self._refunds,
            undone_refunds=frozenset(self._undone),
            stops=self._stops,
            holding=self._holding,
            announced=self._announced,
            absorbed=frozenset(self._absorbed),
            survivor=self._survivor,
        )
