"""The one place where errors become statuses, and the only one that ends a call.

Every status carries exactly one `google.rpc.ErrorInfo` with domain `nectary`; bad input also a
`BadRequest`, what is worth another try a `RetryInfo` with the matching pushback trailer, and what a rule
refuses the detail by which a program can act on it. An unexpected error tells the caller nothing but the
request id under which the log has everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from clients import errors as downstream
from domain.shared.errors import (
    DeadlineSpent,
    DomainError,
    FieldViolation,
    Forbidden,
    Invalid,
    NotFound,
    Raced,
    Refused,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from nectary.risk.v1 import risk_pb2

ERROR_DOMAIN = "nectary"
RACED_RETRY_MS = 50
"""A race is over in a few transactions."""
MAX_DETAIL_BYTES = 5_000
"""Many clients refuse more than 8 KiB of metadata, and these bytes travel in base64."""
MAX_TEXT = 512
_TYPE_URL = "type.googleapis.com/"


class MethodUnknown(DomainError):
    """No such method here, or none that this caller may know of."""

    def __init__(self) -> None:
        super().__init__("METHOD_UNKNOWN", "no such method here")


class TooLarge(DomainError):
    """The request has more bytes than the method takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            "REQUEST_TOO_LARGE",
            f"the request has more than {limit_bytes} bytes",
            limit_bytes=str(limit_bytes),
        )


class LimitReached(Throttled):
    """A limit refuses the call; `detail` says which one."""

    def __init__(self, retry_after_ms: int, detail: error_details_pb2.QuotaFailure, **metadata: str) -> None:
        super().__init__("THROTTLED", "too many calls", retry_after_ms, **metadata)
        self.detail = detail


class DecidedElsewhere(Unavailable):
    """Another replica decides on the subject of this call while the limiter's store does not answer."""

    def __init__(self, retry_after_ms: int, **metadata: str) -> None:
        super().__init__("DECIDED_ELSEWHERE", "another replica decides on this now", **metadata)
        self.retry_after_ms = retry_after_ms


class SubjectDenied(Forbidden):
    """A rule or the list of suspects denies the call, for at least so many milliseconds."""

    def __init__(self, retry_after_ms: int, **metadata: str) -> None:
        super().__init__("SUBJECT_DENIED", "this call is denied", **metadata)
        self.retry_after_ms = retry_after_ms


class ChallengeRequired(Forbidden):
    """The caller's user must prove something first; `detail` says what."""

    def __init__(self, detail: risk_pb2.Challenge, **metadata: str) -> None:
        super().__init__(
            "CHALLENGE_REQUIRED",
            "the caller's user must prove something first",
            challenge_id=detail.challenge_id,
            **metadata,
        )
        self.detail = detail


CODES: Mapping[type[DomainError], grpc.StatusCode] = {
    Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Refused: grpc.StatusCode.FAILED_PRECONDITION,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    Raced: grpc.StatusCode.ABORTED,
    Throttled: grpc.StatusCode.RESOURCE_EXHAUSTED,
    TooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    DeadlineSpent: grpc.StatusCode.DEADLINE_EXCEEDED,
    MethodUnknown: grpc.StatusCode.UNIMPLEMENTED,
}

PASSED_ON = (downstream.Unavailable, downstream.DeadlineExceeded, downstream.Throttled, downstream.Raced)
"""What a service that we call may say through us: it is busy, and the caller may try again. Anything
else that it says to us is ours to translate, so an untranslated one is a bug."""


@dataclass(frozen=True)
class Ending:
    """A status as it goes on the wire."""

    code: grpc.StatusCode
    reason: str
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]
    unexpected: bool = False


def ending_of(error: BaseException, request_id: str) -> Ending:
    """How a call that raised `error` ends."""
    if isinstance(error, DomainError):
        detail = error.detail if isinstance(error, LimitReached | ChallengeRequired) else None
        return _ending(
            _code_of(error),
            error.reason,
            error.message,
            error.metadata,
            error.violations,
            _retry_ms(error),
            detail,
        )
    if isinstance(error, PASSED_ON):
        retry_ms = None if error.retry_after_seconds is None else round(error.retry_after_seconds * 1000)
        return _ending(error.code, error.reason, error.message, error.metadata, (), retry_ms)
    internal = _ending(
        grpc.StatusCode.INTERNAL, "INTERNAL", "internal error", {"request_id": request_id}, (), None
    )
    return Ending(internal.code, internal.reason, internal.message, internal.trailers, unexpected=True)


def _code_of(error: DomainError) -> grpc.StatusCode:
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def _retry_ms(error: DomainError) -> int | None:
    if isinstance(error, Throttled | SubjectDenied | DecidedElsewhere):
        return error.retry_after_ms
    return RACED_RETRY_MS if isinstance(error, Raced) else None


def _ending(
    code: grpc.StatusCode,
    reason: str,
    message: str,
    metadata: Mapping[str, str],
    violations: Sequence[FieldViolation],
    retry_ms: int | None,
    detail: Message | None = None,
) -> Ending:
    told = {key: value[:MAX_TEXT] for key, value in metadata.items()}
    details: list[Message] = []
    if violations:
        bad_request, omitted = _bad_request(violations)
        details.append(bad_request)
        if omitted:
            told["violations_omitted"] = str(omitted)
    if detail is not None:
        details.append(detail)
    trailers: list[tuple[str, str | bytes]] = []
    if retry_ms is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=_duration(retry_ms)))
        trailers.append(("grpc-retry-pushback-ms", str(retry_ms)))
    info = error_details_pb2.ErrorInfo(reason=reason, domain=ERROR_DOMAIN, metadata=told)
    number, _ = code.value
    status = status_pb2.Status(
        code=number,
        message=message[:MAX_TEXT],
        details=[_packed(one) for one in (info, *details)],
    )
    trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    return Ending(code, reason, message[:MAX_TEXT], tuple(trailers))


def _packed(detail: Message) -> any_pb2.Any:
    # As `Any.Pack` does, in a third of the time: a flood of refusals is made of these.
    return any_pb2.Any(type_url=_TYPE_URL + detail.DESCRIPTOR.full_name, value=detail.SerializeToString())


def _duration(milliseconds: int) -> Duration:
    seconds, rest = divmod(milliseconds, 1000)
    return Duration(seconds=seconds, nanos=rest * 1_000_000)


def _bad_request(violations: Sequence[FieldViolation]) -> tuple[error_details_pb2.BadRequest, int]:
    """As many violations as a client can receive, and how many were left out."""
    bad_request = error_details_pb2.BadRequest()
    room = MAX_DETAIL_BYTES
    for index, violation in enumerate(violations):
        field = error_details_pb2.BadRequest.FieldViolation(
            field=violation.field[:MAX_TEXT],
            description=violation.description[:MAX_TEXT],
            reason=violation.reason,
        )
        room -= field.ByteSize() + 4
        if room < 0:
            return bad_request, len(violations) - index
        bad_request.field_violations.append(field)
    return bad_request, 0
