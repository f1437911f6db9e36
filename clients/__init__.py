"""The callers: typed clients with deadlines, retries and typed errors.

Imports inside are relative: these files also build as `nectary_client`, a small wheel for others.
"""

from .activities import ActivityClient
from .base import Client
from .catalog import CatalogClient
from .channel import Channel, Tls, connect
from .contract import RetryPolicy
from .earning import EarningClient
from .errors import (
    ChallengeRequired,
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
from .identity import IdentityClient
from .liability import LiabilityClient
from .purchase import Purchase
from .risk import RiskClient
from .seckill import SeckillClient
from .tasks import TaskClient
from .test_clock import TestClockClient
from .tiers import TierClient
from .wallet import WalletClient

__all__ = [
    "ActivityClient",
    "CatalogClient",
    "ChallengeRequired",
    "Channel",
    "Client",
    "DeadlineExceeded",
    "EarningClient",
    "Forbidden",
    "IdentityClient",
    "Internal",
    "InvalidRequest",
    "LiabilityClient",
    "NectaryError",
    "NotFound",
    "Purchase",
    "Raced",
    "Refused",
    "RetryPolicy",
    "RiskClient",
    "SeckillClient",
    "TaskClient",
    "TestClockClient",
    "Throttled",
    "TierClient",
    "Tls",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
    "WalletClient",
    "connect",
]
