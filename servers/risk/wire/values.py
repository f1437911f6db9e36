"""Subjects, moments and enums of Risk on the wire."""

from typing import Any

from google.protobuf.duration_pb2 import Duration

from domain.risk.findings import Match
from domain.risk.rules import OnError, Outcome
from domain.risk.stamps import NEVER
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind, canonical_address
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant
from nectary.risk.v1 import risk_pb2 as pb
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import duration_of, instant_of

MILLISECOND = 1_000
"""In microseconds."""

KINDS = Names(SubjectKind, pb.SubjectKind)
STATES = Names(State, pb.SuspectState)
OUTCOMES = Names(Outcome, pb.Outcome)
MATCHES = Names(Match, pb.RuleMatch)
ON_ERRORS = Names(OnError, pb.OnError)


def subject(own: Subject) -> pb.SubjectName:
    return pb.SubjectName(kind=KINDS.wire(own.kind), value=own.value)


def own_subject(message: pb.SubjectName, field: str) -> Subject:
    """The subject that a message names. Raises Invalid for an address that is none."""
    kind, value = KINDS.own(message.kind), message.value
    if value.rstrip() != value:
        # The database could not tell it from the same without them.
        raise Invalid([FieldViolation(f"{field}.value", "SUBJECT_INVALID", "it ends in spaces")])
    if kind is SubjectKind.ADDRESS:
        try:
            value = canonical_address(value)
        except ValueError as error:
            violation = FieldViolation(f"{field}.value", "ADDRESS_INVALID", "it is no IP address")
            raise Invalid([violation]) from error
    return Subject(kind, value)


def optional_instant(message: Any, field: str) -> Instant | None:
    """A time of a message; None if it is absent."""
    return instant_of(getattr(message, field)) if message.HasField(field) else None


def wait(milliseconds: int) -> Duration | None:
    """A retry delay; none for 0 and for never."""
    return None if milliseconds in (0, NEVER) else duration_of(milliseconds * MILLISECOND)
