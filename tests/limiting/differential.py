"""Script, model and exact log, step by step beside each other."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from domain.risk.reckoning import Reckoning
from tests.limiting.histories import COMPARED, JUDGED, History
from tests.limiting.judging import Subject
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
        reckonings = script.decide([(one.name, one.step) for one in running])
        running = [
            one
            for one, reckoning in zip(running, reckonings, strict=True)
            if _step(script, one, reckoning, tally)
        ]
        tell(tally.steps.total())
    return tally


def _step(script: ScriptUnderTest, subject: Subject, reckoning: Reckoning, tally: Tally) -> bool:
    """Takes one step; False at the end of the history."""
    step, expected = subject.step, subject.model()
    tally.steps[subject.kind] += 1
    tally.admitted += reckoning.admitted
    tally.refused += not reckoning.admitted
    wrong = [f"the model says {expected}"] if _figures(reckoning) != _figures(expected) else []
    if step.must_admit is not None:
        tally.promises += 1
        if reckoning.admitted is not step.must_admit:
            wrong.append(f"a hint promised {step.must_admit}")
    if subject.kind in JUDGED:
        wrong += subject.judge(reckoning)
    tally.violations += [f"{subject.kind} {subject.name}: {step}: {reckoning}: {text}" for text in wrong]
    try:
        subject.step = subject.history.send(reckoning)
    except StopIteration:
        found = script.windows(subject.name, step)
        known = [subject.windows[limit.rule_id] for limit in step.limits]
        if found != known:
            tally.violations.append(f"{subject.kind} {subject.name}: Redis holds {found}, the model {known}")
        script.forget(subject.name, step)
        return False
    return True


def _figures(reckoning: Reckoning) -> tuple[bool, list[int], list[int]]:
    return reckoning.admitted, list(reckoning.used), list(reckoning.waits_ms)
