"""The callers: typed clients with deadlines, retries and typed errors.

Imports inside are relative: these files also build as `nectary_client`, a small wheel for others.
"""

from .base import Client
from .channel import Channel, Tls, connect
from .contract import RetryPolicy
from .errors import (
    DeadlineExceeded,
    Forbidden,
    Internal,
    InvalidRequest,
    NectaryError,
    NotFound,
    Raced,
    Refused,
    Throttled,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    Violation,
)
from .test_clock import TestClockClient

__all__ = [
    "Channel",
    "Client",
    "DeadlineExceeded",
    "Forbidden",
    "Internal",
    "InvalidRequest",
    "NectaryError",
    "NotFound",
    "Raced",
    "Refused",
    "RetryPolicy",
    "TestClockClient",
    "Throttled",
    "Tls",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
    "connect",
]
