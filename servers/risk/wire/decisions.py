"""Decisions on the wire: what was recorded, and what each rule made of it."""

from collections.abc import Sequence

from domain.risk.decisions import Decision, Would
from domain.risk.evidence import Evidence
from domain.risk.facts import Facts
from domain.risk.findings import Finding
from domain.risk.rules import Limit, Outcome
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.errors import FieldViolation, Invalid
from nectary.risk.v1 import risk_pb2 as pb
from servers.mesh.judging.record import DecisionRecord
from servers.mesh.timestamps import duration_of, timestamp_of
from servers.risk.wire.values import KINDS, MATCHES, OUTCOMES, STATES, own_subject, subject, wait


def facts_of(message: pb.Facts) -> Facts:
    """The call that a message describes. Raises Invalid for subjects that are none."""
    subjects = []
    for number, one in enumerate(message.subjects):
        field = f"facts.subjects[{number}]"
        found = own_subject(one, field)
        if found.kind in {SubjectKind.CALLER, SubjectKind.METHOD, SubjectKind.SCENE}:
            description = "caller, method and scene have fields of their own"
            raise Invalid([FieldViolation(f"{field}.kind", "KIND_UNSUITED", description)])
        subjects.append(found)
    return Facts(
        scene=message.scene,
        method=message.method,
        caller=message.caller,
        role=message.role,
        cost=message.cost,
        subjects=tuple(subjects),
        authenticated=frozenset(KINDS.own(kind) for kind in message.authenticated),
    )


def decision(own: Decision, decision_id: str) -> pb.Decision:
    return pb.Decision(
        decision_id=decision_id,
        outcome=OUTCOMES.wire(own.outcome),
        reason=own.reason,
        rule_id=own.rule_id,
        rule_version=own.rule_version,
        revision=own.revision,
        retry_delay=wait(own.retry_after_ms),
        would=[_would(one) for one in own.would],
    )


def recorded(record: DecisionRecord) -> Decision:
    """What was decided, as far as the record tells: it knows no retry delay."""
    return Decision(
        outcome=Outcome(record.outcome),
        reason=record.reason,
        rule_id=record.rule_id,
        rule_version=record.rule_version,
        revision=record.revision,
        would=tuple(Would(rule_id, version, Outcome(outcome)) for rule_id, version, outcome in record.would),
    )


def decision_record(own: DecisionRecord) -> pb.DecisionRecord:
    return pb.DecisionRecord(
        decision=decision(recorded(own), own.decision_id),
        facts=pb.Facts(
            scene=own.scene,
            method=own.method,
            caller=own.caller,
            role=own.role,
            cost=own.cost,
            subjects=[subject(Subject(SubjectKind(kind), value)) for kind, value in own.subjects],
            authenticated=[KINDS.wire(SubjectKind(kind)) for kind in sorted(own.authenticated)],
        ),
        decision_time=timestamp_of(own.time),
        latency=duration_of(own.latency_us),
        sampled=own.sampled,
    )


def subject_findings(evidence: Evidence) -> list[pb.SubjectFinding]:
    return [
        pb.SubjectFinding(subject=subject(one.subject), state=STATES.wire(one.state)) for one in evidence.seen
    ]


def rule_findings(found: Sequence[Finding], decider: Finding | None) -> list[pb.RuleFinding]:
    """The one that decided first, then in their order."""
    first = [decider] if decider else []
    rest = [one for one in found if one is not decider]
    return [_finding(one, decided=one is decider) for one in (*first, *rest)]


def _finding(own: Finding, *, decided: bool) -> pb.RuleFinding:
    effect = own.rule.effect
    return pb.RuleFinding(
        rule_id=own.rule.rule_id,
        rule_version=own.rule.version,
        title=own.rule.title,
        match=MATCHES.wire(own.match),
        outcome=OUTCOMES.wire(own.outcome),
        units=own.count.units if own.count else effect.units if isinstance(effect, Limit) else 0,
        used=own.count.used if own.count else 0,
        retry_delay=wait(own.retry_after_ms),
        decided=decided,
        key=own.key,
    )


def _would(own: Would) -> pb.WouldDecide:
    return pb.WouldDecide(
        rule_id=own.rule_id, rule_version=own.rule_version, outcome=OUTCOMES.wire(own.outcome)
    )
