"""Script, model and exact log, step by step beside each other."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from domain.risk.decision import Decision
from domain.risk.verbs import Verb, applied
from domain.risk.window import EMPTY, Window
from tests.limiting.exact_log import ExactLog, complaints
from tests.limiting.histories import COMPARED, JUDGED, LONGEST_MS, History, Step
from tests.limiting.under_test import ScriptUnderTest

SIDE_BY_SIDE = 64
"""Histories that take their steps together, so that Redis is asked once for all."""


@dataclass
class Tally:
    """What a run saw."""

    steps: Counter[str] = field(default_factory=Counter)
    admitted: int = 0
    refused: int = 0
    promises: int = 0
    """Hints that were put to the test."""
    violations: list[str] = field(default_factory=list)


@dataclass
class Subject:
    """One history and what three bookkeepers make of it."""

    name: str
    kind: str
    history: History
    step: Step
    windows: dict[int, Window] = field(default_factory=dict)
    logs: dict[int, ExactLog] = field(default_factory=dict)
    shapes: dict[int, tuple[int, int, bool]] = field(default_factory=dict)

    def model(self) -> Decision:
        """The model's decision on the step, which it takes."""
        step = self.step
        before = [self.windows.get(limit.rule_id, EMPTY) for limit in step.limits]
        decision, after = applied(step.verb, step.limits, before, step.cost, step.now, step.at)
        self.windows |= {limit.rule_id: window for limit, window in zip(step.limits, after, strict=True)}
        return decision

    def judge(self, decision: Decision) -> list[str]:
        """What the exact log says against the decision, which it then writes down."""
        step = self.step
        self._note_changes()
        logs = [self.logs.setdefault(limit.rule_id, ExactLog()) for limit in step.limits]
        refuses = step.verb in {Verb.DECIDE, Verb.CHECK, Verb.DRAIN}
        found = (
            complaints(logs, step.limits, step.cost, step.now, decision.admitted, LONGEST_MS)
            if refuses
            else []
        )
        for index, (log, limit) in enumerate(zip(logs, step.limits, strict=True)):
            if step.verb is Verb.REFUND:
                log.refund(limit, step.cost, step.at, step.now)
            elif step.verb is Verb.RESET:
                log.admissions.clear()
            else:
                log.admit(_units(step.verb, decision, index), step.now, LONGEST_MS)
        return found

    def _note_changes(self) -> None:
        for limit in self.step.limits:
            shape = (limit.window_ms, limit.buckets, limit.is_exact)
            before = self.shapes.setdefault(limit.rule_id, shape)
            if before != shape:
                self.shapes[limit.rule_id] = shape
                self.logs[limit.rule_id].change(before[0], self.step.now)


def _units(verb: Verb, decision: Decision, index: int) -> int:
    if verb is Verb.SPEND or (decision.admitted and verb in {Verb.DECIDE, Verb.DRAIN}):
        return decision.cost
    if verb is Verb.DRAIN and decision.waits_ms[index]:
        return max(decision.limits[index].units - decision.used[index], 0)
    return 0


def compared(
    script: ScriptUnderTest, steps: int, seed: int, tell: Callable[[int], None] = lambda _: None
) -> Tally:
    """At least so many steps of all kinds of histories."""
    rng, tally, number = Random(seed), Tally(), 0
    kinds: Mapping[str, Callable[[Random], History]] = {**JUDGED, **COMPARED}
    names = list(kinds)
    running: list[Subject] = []
    while tally.steps.total() < steps:
        while len(running) < SIDE_BY_SIDE:
            kind = names[number % len(names)]
            history = kinds[kind](Random(rng.getrandbits(64)))
            running.append(Subject(f"{seed}-{number}", kind, history, next(history)))
            number += 1
        decisions = script.decide([(one.name, one.step) for one in running])
        running = [
            one
            for one, decision in zip(running, decisions, strict=True)
            if _step(script, one, decision, tally)
        ]
        tell(tally.steps.total())
    return tally


def _step(script: ScriptUnderTest, subject: Subject, decision: Decision, tally: Tally) -> bool:
    """Takes one step; False at the end of the history."""
    step, expected = subject.step, subject.model()
    tally.steps[subject.kind] += 1
    tally.admitted += decision.admitted
    tally.refused += not decision.admitted
    wrong = [f"the model says {expected}"] if _figures(decision) != _figures(expected) else []
    if step.must_admit is not None:
        tally.promises += 1
        if decision.admitted is not step.must_admit:
            wrong.append(f"a hint promised {step.must_admit}")
    if subject.kind in JUDGED:
        wrong += subject.judge(decision)
    tally.violations += [f"{subject.kind} {subject.name}: {step}: {decision}: {text}" for text in wrong]
    try:
        subject.step = subject.history.send(decision)
    except StopIteration:
        found = script.windows(subject.name, step)
        known = [subject.windows[limit.rule_id] for limit in step.limits]
        if found != known:
            tally.violations.append(f"{subject.kind} {subject.name}: Redis holds {found}, the model {known}")
        script.forget(subject.name, step)
        return False
    return True


def _figures(decision: Decision) -> tuple[bool, list[int], list[int]]:
    return decision.admitted, list(decision.used), list(decision.waits_ms)
