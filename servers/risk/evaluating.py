"""Judging calls that are served outside of the mesh, with what this process judges its own with."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from domain.risk.decisions import Decision
from domain.risk.facts import Facts
from domain.risk.limit import FailureClass
from domain.risk.rules import Outcome
from domain.risk.subjects import SubjectKind
from domain.risk.verbs import Verb
from nectary.risk.v1 import risk_pb2
from servers.mesh.judging.answers import challenge
from servers.mesh.judging.closely import look_closely
from servers.mesh.judging.grounds import Grounds
from servers.mesh.judging.judge import Chambers, decision_ids
from servers.mesh.judging.record import DecisionRecord
from servers.mesh.limiting.judgement import Charge, Judgement
from servers.mesh.limiting.limiter import WindowLimiter
from servers.risk.advice import advice
from servers.risk.engine import Engine

NOT_JUDGED = "NOT_JUDGED"
"""Reason of what a process lets through that judges nothing, its own calls neither."""

_IDS = decision_ids()


@dataclass(frozen=True)
class Evaluated:
    """A decision, and under which name it is recorded; without one if it only was a look."""

    decision: Decision
    decision_id: str
    challenge: risk_pb2.Challenge | None = None
    """With CHALLENGE: what must be proved."""


class Evaluator:
    """Judges, counts and records; `check_only` does the first alone."""

    def __init__(self, chambers: Chambers | None, engine: Engine | None = None) -> None:
        """Without chambers this process judges nothing."""
        self._chambers = chambers
        self._engine = engine

    async def evaluate(self, facts: Facts, *, check_only: bool) -> Evaluated:
        """What the mesh would answer such a call."""
        chambers = self._chambers
        if chambers is None:
            return Evaluated(Decision(Outcome.ALLOW, NOT_JUDGED), "")
        began = time.perf_counter_ns()
        limiter = _Looking(chambers.limiter) if check_only else chambers.limiter
        in_force = chambers.rules.in_force
        grounds = _grounds(facts, chambers)
        if self._engine is not None:
            known = advice(self._engine, facts, grounds.listed)
            grounds = grounds._replace(listed=(*grounds.listed, *known))
        grounds, decision = await look_closely(grounds, in_force, limiter, FailureClass.BOUNDED)
        if check_only:
            return Evaluated(decision, "")
        record = _record(next(_IDS), facts, grounds, decision, (time.perf_counter_ns() - began) // 1000)
        chambers.tally.count(facts.scene, decision.outcome, decision.reason, record.would)
        chambers.records.put(record)
        if decision.outcome is not Outcome.CHALLENGE:
            return Evaluated(decision, record.decision_id)
        wanted = challenge(record.decision_id, grounds.listed, grounds.at)
        return Evaluated(decision, record.decision_id, wanted)


class _Looking:
    """A limiter that takes nothing."""

    def __init__(self, limiter: WindowLimiter) -> None:
        self._limiter = limiter

    async def decide(self, charges: Sequence[Charge], cost: int, failure_class: FailureClass) -> Judgement:
        return await self._limiter.decide(charges, cost, failure_class, Verb.CHECK)


def _grounds(facts: Facts, chambers: Chambers) -> Grounds:
    now = chambers.clock.now()
    names: dict[SubjectKind, list[str]] = {}
    for one in facts.subjects:
        names.setdefault(one.kind, []).append(one.value)
    return Grounds(
        scene=facts.scene,
        method=facts.method,
        caller=facts.caller,
        role=facts.role,
        cost=facts.cost,
        names=names,
        authenticated=facts.authenticated,
        at=now,
        revision=chambers.rules.in_force.rules.revision,
        listed=chambers.suspects.look_up(((one.kind, one.value) for one in facts.everyone()), now),
        conditions={},
        counted=(),
    )


def _record(
    decision_id: str, facts: Facts, grounds: Grounds, decision: Decision, latency_us: int
) -> DecisionRecord:
    return DecisionRecord(
        decision_id=decision_id,
        time=grounds.at,
        method=facts.method,
        scene=facts.scene,
        caller=facts.caller,
        role=facts.role,
        cost=facts.cost,
        subjects=tuple((one.kind.value, one.value) for one in facts.subjects),
        authenticated=tuple(facts.authenticated),
        outcome=decision.outcome,
        reason=decision.reason,
        rule_id=decision.rule_id,
        rule_version=decision.rule_version,
        revision=decision.revision,
        would=tuple((one.rule_id, one.rule_version, one.outcome.value) for one in decision.would),
        evidence=grounds,
        latency_us=latency_us,
        sampled=False,
    )
