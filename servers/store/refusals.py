"""A permanent refusal as bytes, so that a repeated request is refused again in the same words."""

import json

from domain.shared.errors import (
    DomainError,
    FieldViolation,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
)

_KINDS: dict[str, type[DomainError]] = {
    kind.__name__: kind for kind in (Invalid, NotFound, Refused, Forbidden, Unauthenticated)
}


def encode_refusal(error: DomainError) -> bytes:
    """Raises ValueError for an error that is not permanent: its request id must stay usable."""
    kind = type(error).__name__
    if not error.permanent or kind not in _KINDS:
        raise ValueError(f"{kind} is not a permanent refusal")
    return json.dumps(
        {
            "kind": kind,
            "reason": error.reason,
            "message": error.message,
            "metadata": dict(error.metadata),
            "violations": [[each.field, each.reason, each.description] for each in error.violations],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def decode_refusal(encoded: bytes) -> DomainError:
    """The error that was encoded, equal in everything but its traceback."""
    stored = json.loads(encoded)
    kind = _KINDS[stored["kind"]]
    error = kind.__new__(kind)
    DomainError.__init__(error, stored["reason"], stored["message"])
    error.metadata = stored["metadata"]
    error.violations = tuple(FieldViolation(*each) for each in stored["violations"])
    return error
