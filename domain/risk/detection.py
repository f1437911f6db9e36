"""From decided calls to subjects that belong on the list: the part of judging that looks back.

Two ways lead there: a rule that refused a subject so often that it is no accident, and a device or an
address that more members share than a rule calls normal. What is asked for here is at most what
`ceilings` allows; whether it changes anything is for `listing` to say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.risk.ceilings import SHARED_ABOVE, ceiling
from domain.risk.chain import digest
from domain.risk.crowds import MOST_PLACES, Crowds
from domain.risk.escalation import state_after, struck_kinds
from domain.risk.facts import Facts
from domain.risk.refusals import Refusals
from domain.risk.rules import Outcome, Rule, RuleSet, Spread
from domain.risk.states import State, mildest
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.instants import HOUR, MINUTE, Instant

ASKED_AGAIN = 10 * MINUTE
"""A subject that goes on is asked for again, so that its entry does not expire meanwhile."""
_PLACES = frozenset({SubjectKind.DEVICE, SubjectKind.ADDRESS})


@dataclass(frozen=True, slots=True)
class Decided:
    """A call and what was decided, as the log has it."""

    decision_id: str
    at: Instant
    facts: Facts
    outcome: Outcome
    rule_id: str
    rule_version: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A subject that should be listed."""

    subject: Subject
    state: State
    """At least; an adviser may know worse, up to `most`."""
    most: State
    rule: Rule
    scene: str
    reason: str
    at: Instant
    since: Instant
    """What it rests on happened after this moment."""
    decision_ids: tuple[str, ...]

    @property
    def event_id(self) -> str:
        """The same whenever it is seen again: it names the last call that it rests on."""
        rule = (self.rule.rule_id, self.rule.version)
        return digest((str(self.subject), *rule, self.state, self.decision_ids[-1]))[:48]


class Detection:
    """What was seen so far. Feed it every decided call, in the order in which they came in."""

    def __init__(self) -> None:
        self._refusals = Refusals()
        self._crowds = Crowds()
        self._crowded: dict[tuple[Subject, str, int], Instant] = {}
        self._rules: RuleSet | None = None
        self._striking: Mapping[str, Rule] = {}
        self._spreading: Sequence[tuple[Rule, Spread]] = ()

    def heard(self, call: Decided, rules: RuleSet) -> list[Sighting]:
        """Whom this call gives reason to list."""
        if rules is not self._rules:
            self._learn(rules)
        places = _places(call.facts)
        self._place(call, places)
        found: list[Sighting] = []
        if self._spreading and places:
            found += self._crowds_found(call, places)
        if call.outcome is not Outcome.ALLOW and call.rule_id in self._striking:
            found += self._strikes_found(call, self._striking[call.rule_id])
        return found

    def _learn(self, rules: RuleSet) -> None:
        """Which of the rules lead to the list: looked up for every call."""
        self._rules = rules
        self._striking = {rule.rule_id: rule for rule in rules.rules if rule.strikes is not None}
        self._spreading = [(rule, rule.effect) for rule in rules.rules if isinstance(rule.effect, Spread)]

    def _place(self, call: Decided, places: Sequence[Subject]) -> None:
        if not places or not call.facts.proves(SubjectKind.MEMBER):
            return
        members = call.facts.named(SubjectKind.MEMBER)
        for place in places:
            for member in members:
                self._crowds.came(place, member, call.at)

    def _strikes_found(self, call: Decided, rule: Rule) -> Iterator[Sighting]:
        if rule.version != call.rule_version or rule.strikes is None:
            return
        for subject in _struck(call.facts, rule):
            most = self._ceiling(subject, call)
            if most is State.NONE:
                continue
            key = subject, rule.rule_id, rule.version
            record = self._refusals.add(key, call.decision_id, call.at, rule.strikes.window_ms)
            if record.first > record.told_at:
                # All that was told of has left the window.
                record.told_rank = 0
            state = mildest(state_after(rule.strikes, record.total), most)
            if state.rank <= record.told_rank and call.at - record.told_at < ASKED_AGAIN:
                continue
            record.told_rank, record.told_at = state.rank, call.at
            if state.rank:
                reason = f"{record.total} refusals in {_span(rule.strikes.window_ms)}"
                cited = tuple(record.decisions)
                yield Sighting(
                    subject, state, most, rule, call.facts.scene, reason, call.at, record.first, cited
                )

    def _crowds_found(self, call: Decided, places: Sequence[Subject]) -> Iterator[Sighting]:
        for rule, spread in self._spreading:
            if rule.is_for(call.facts.scene):
                for place in places:
                    if place.kind is spread.across:
                        yield from self._crowd_found(call, rule, spread, place)

    def _crowd_found(self, call: Decided, rule: Rule, spread: Spread, place: Subject) -> Iterator[Sighting]:
        key, since = (place, rule.rule_id, rule.version), call.at - spread.window_ms * 1_000
        if call.at - self._crowded.get(key, -ASKED_AGAIN) < ASKED_AGAIN:
            return
        count = self._crowds.members(place, since, spread.most_members + 1)
        if count <= spread.most_members or not rule.is_enforced(call.facts.scene, str(place)):
            return
        if len(self._crowded) >= MOST_PLACES:
            self._crowded.clear()
        self._crowded[key] = call.at
        state = mildest(State.CHALLENGED, self._ceiling(place, call))
        if state.rank:
            reason = f"more than {spread.most_members} members in {_span(spread.window_ms)}"
            cited = (call.decision_id,)
            yield Sighting(place, state, state, rule, call.facts.scene, reason, call.at, since, cited)

    def _ceiling(self, subject: Subject, call: Decided) -> State:
        members = self._crowds.members(subject, call.at - HOUR, SHARED_ABOVE + 1)
        return ceiling(subject, call.facts, members)


def _places(facts: Facts) -> Sequence[Subject]:
    return tuple(dict.fromkeys(one for one in facts.subjects if one.kind in _PLACES))


def _struck(facts: Facts, rule: Rule) -> Iterator[Subject]:
    return (Subject(kind, value) for kind in struck_kinds(rule) for value in facts.named(kind))


def _span(window_ms: int) -> str:
    return f"{window_ms / 1_000:g} s"
