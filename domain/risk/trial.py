"""A draft on trial: who of those that called would newly have been refused."""

from collections import Counter
from typing import NamedTuple

from domain.risk.blast import trips
from domain.risk.charging import first_named
from domain.risk.decisions import Decision
from domain.risk.evidence import Evidence
from domain.risk.facts import Facts
from domain.risk.rules import Limit, Outcome, RuleSet
from domain.risk.simulation import Ask, Simulation
from domain.risk.subjects import Subject, SubjectKind

_PERSONAL = (SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.ADDRESS, SubjectKind.PAYMENT)


class Victim(NamedTuple):
    """A subject that a draft refuses somewhere, and the rules of the time did not."""

    subject: Subject
    scene: str
    rule_id: str
    outcome: Outcome


class Trial:
    """Recorded calls put before a draft, in order of time."""

    def __init__(self, draft: RuleSet, ask: Ask) -> None:
        """Every rule must be one that `rules_check` accepts."""
        self._rules = {rule.rule_id: rule for rule in draft.rules}
        self._simulation = Simulation(draft, ask)
        self._active: set[str] = set()
        self._newly: set[str] = set()
        self.calls = 0
        self.refused_before = 0
        self.refused_after = 0
        self.victims: Counter[Victim] = Counter()
        """How many calls of each were newly refused."""

    def hear(self, evidence: Evidence, outcome: Outcome) -> None:
        """One call, and what became of it."""
        decision = self._simulation.decide(evidence)
        was_let_through = outcome is Outcome.ALLOW
        self.calls += 1
        self.refused_before += not was_let_through
        self._active.add(first_named(evidence.facts))
        if decision.outcome is Outcome.ALLOW:
            return
        self.refused_after += 1
        if was_let_through:
            self._newly.add(first_named(evidence.facts))
            subject = self._refused(decision, evidence.facts)
            self.victims[Victim(subject, evidence.facts.scene, decision.rule_id, decision.outcome)] += 1

    @property
    def active_subjects(self) -> int:
        """Different subjects that called, each by its most personal name."""
        return len(self._active)

    @property
    def newly_refused_subjects(self) -> int:
        """Of those, the newly refused."""
        return len(self._newly)

    @property
    def is_dangerous(self) -> bool:
        """Whether the blast-radius breaker would put such a draft into shadow."""
        return trips(self.newly_refused_subjects, self.active_subjects)

    def _refused(self, decision: Decision, facts: Facts) -> Subject:
        """Whom the refusing rule counts; of a verdict the most personal subject."""
        rule = self._rules.get(decision.rule_id)
        kinds = rule.effect.key if rule and isinstance(rule.effect, Limit) else _PERSONAL
        named = (Subject(kind, value) for kind in kinds for value in facts.named(kind))
        return next(named, Subject(SubjectKind.SCENE, facts.scene))
