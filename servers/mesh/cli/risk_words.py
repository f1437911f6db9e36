"""Subjects and decisions of Risk as people type and read them."""

from typing import TYPE_CHECKING

from servers.mesh.cli.exits import UsageError
from servers.mesh.cli.output import plain
from servers.mesh.cli.words import value_of, word_of

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from nectary.risk.v1 import risk_pb2


def subject_of(text: str) -> "risk_pb2.SubjectName":
    """`member:ann`, `device:…`, `address:192.0.2.1`; without a kind a member. Raises UsageError."""
    from nectary.risk.v1 import risk_pb2

    kind, colon, value = text.partition(":")
    if not colon:
        kind, value = "member", text
    if not value:
        raise UsageError(f"{text!r} names nobody", hint="member:ann, device:3f2a…, address:192.0.2.1")
    number = value_of(risk_pb2.SubjectKind.DESCRIPTOR, kind)
    return risk_pb2.SubjectName(kind=risk_pb2.SubjectKind.ValueType(number), value=value)


def subject_text(subject: "risk_pb2.SubjectName") -> str:
    """`member:ann`, as it can be typed again."""
    from nectary.risk.v1 import risk_pb2

    return plain(f"{word_of(risk_pb2.SubjectKind.DESCRIPTOR, subject.kind)}:{subject.value}")


def outcome_text(outcome: int) -> str:
    """`throttle`."""
    from nectary.risk.v1 import risk_pb2

    return word_of(risk_pb2.Outcome.DESCRIPTOR, outcome)


def state_text(state: int) -> str:
    """`confirmed`."""
    from nectary.risk.v1 import risk_pb2

    return word_of(risk_pb2.SuspectState.DESCRIPTOR, state)


def seconds_text(length: "Duration") -> str:
    """`1.5 s`."""
    return f"{length.ToTimedelta().total_seconds():g} s"
