"""Errors that the rules raise: a kind, a reason and its variables; never a status code.

The reason is the name of one value of `nectary.common.v1.ErrorReason`, and each variable of the
message is in `metadata`. `servers/mesh/errors.py` is the one place that turns them into statuses,
`clients/errors.py` the one that turns them back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldViolation:
    """One thing wrong with one field of a request."""

    field: str
    """Path from the request, as written in its proto: `catalog.skus[2].price.amount_minor`."""
    reason: str
    """UPPER_SNAKE, for programs."""
    description: str
    """For people; names the bound that was broken."""


class DomainError(Exception):
    """Something a caller can be told.

    `permanent` says whether the same request can ever succeed: a permanent refusal is stored under
    its request id and repeated, a transient one leaves the request id usable.
    """

    permanent = True

    def __init__(self, reason: str, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata: Mapping[str, str] = metadata
        self.violations: Sequence[FieldViolation] = ()


class Invalid(DomainError):
    """The request breaks a bound or contradicts itself, whatever the state is."""

    def __init__(
        self,
        violations: Sequence[FieldViolation],
        reason: str = "INVALID_REQUEST",
        message: str = "the request is invalid",
        **metadata: str,
    ) -> None:
        super().__init__(reason, message, **metadata)
        self.violations = tuple(violations)


class NotFound(DomainError):
    """What the request names does not exist, or not for this caller."""


class Refused(DomainError):
    """A rule, or the state of things, forbids it."""


class Forbidden(DomainError):
    """This caller may not do it."""


class Unauthenticated(DomainError):
    """The caller did not prove who it is."""


class Raced(DomainError):
    """Another writer was first, or what the caller saw has changed; look again and retry."""

    permanent = False


class Throttled(DomainError):
    """Too often, or too much at once."""

    permanent = False

    def __init__(self, reason: str, message: str, retry_after_ms: int, **metadata: str) -> None:
        super().__init__(reason, message, **metadata)
        self.retry_after_ms = retry_after_ms


class Unavailable(DomainError):
    """Something this call needs does not answer; nothing was written."""

    permanent = False


class DeadlineSpent(DomainError):
    """Too little of the caller's deadline is left to do it."""

    permanent = False
