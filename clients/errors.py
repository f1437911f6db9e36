"""Statuses rebuilt as typed exceptions: what the server refused, why, and when to come back.

`except Refused as error: if error.reason == "IDENTITY_CONFLICT": ...`. The reasons are the values of
`nectary.common.v1.ErrorReason`; treat an unknown one by its class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from nectary.risk.v1 import risk_pb2

_STATUS_KEY = "grpc-status-details-bin"
_ERROR_DOMAIN = "nectary"


@dataclass(frozen=True)
class Violation:
    """One thing wrong with one field of a request."""

    field: str
    """Path from the request: `catalog.skus[2].price.amount_minor`."""
    reason: str
    """UPPER_SNAKE, for programs."""
    description: str
    """For people."""


class NectaryError(Exception):
    """A call that was not answered with a result. Raised bare only for a code that has no class here."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{reason or code.name}: {message}")
        self.code = code
        self.message = message
        self.reason = reason
        """Empty if the status came from the transport and not from a server of ours."""
        self.metadata: Mapping[str, str] = metadata or {}
        self.violations = tuple(violations)
        self.retry_after_seconds = retry_after_seconds
        """How long the server asks to wait; None if it does not say."""


class InvalidRequest(NectaryError):
    """The request breaks a bound, whatever the state is; `violations` lists every field."""


class NotFound(NectaryError):
    """What the request names does not exist, or not for this caller."""


class Refused(NectaryError):
    """A rule, or the state of things, forbids it."""


class Raced(NectaryError):
    """Another writer was first; look again and retry."""


class Throttled(NectaryError):
    """Too often, or too much at once."""


class Forbidden(NectaryError):
    """This caller may not do it."""


class ChallengeRequired(Forbidden):
    """The user for whom the call was made must prove something first: `challenge` says what."""

    challenge: risk_pb2.Challenge


class Unauthenticated(NectaryError):
    """The caller did not prove who it is."""


class Unavailable(NectaryError):
    """The server, or something that it needs, does not answer."""


class DeadlineExceeded(NectaryError):
    """The deadline passed before the answer came.

    A write may have been done: send it again with the same request id to learn.
    """


class Unimplemented(NectaryError):
    """The server has no such method, or serves it to others only."""


class Internal(NectaryError):
    """A bug of the server; `metadata["request_id"]` finds it in its log."""


_KINDS: Mapping[grpc.StatusCode, type[NectaryError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.FAILED_PRECONDITION: Refused,
    grpc.StatusCode.ABORTED: Raced,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Throttled,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    # By the server, as it went down: when the caller itself cancels, asyncio raises.
    grpc.StatusCode.CANCELLED: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.INTERNAL: Internal,
    grpc.StatusCode.UNKNOWN: Internal,
    grpc.StatusCode.DATA_LOSS: Internal,
}


def error_of(call_error: grpc.aio.AioRpcError) -> NectaryError:
    """The typed exception of a failed call; details that cannot be read are left out."""
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    challenge = risk_pb2.Challenge()
    for detail in _status_of(call_error).details:
        for wanted in (info, bad_request, retry, challenge):
            if detail.Is(wanted.DESCRIPTOR):
                detail.Unpack(wanted)
    kind = _KINDS.get(call_error.code(), NectaryError)
    if kind is Forbidden and challenge.challenge_id:
        kind = ChallengeRequired
    error = kind(
        call_error.code(),
        call_error.details() or "",
        reason=info.reason if info.domain == _ERROR_DOMAIN else "",
        metadata=dict(info.metadata),
        violations=[Violation(v.field, v.reason, v.description) for v in bad_request.field_violations],
        retry_after_seconds=_seconds_of(retry),
    )
    if isinstance(error, ChallengeRequired):
        error.challenge = challenge
    return error


def _status_of(call_error: grpc.aio.AioRpcError) -> status_pb2.Status:
    for key, value in call_error.trailing_metadata() or ():
        if key == _STATUS_KEY:
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status()


def _seconds_of(retry: error_details_pb2.RetryInfo) -> float | None:
    if not retry.HasField("retry_delay"):
        return None
    return float(retry.retry_delay.ToTimedelta().total_seconds())
