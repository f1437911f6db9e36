"""What the contract tells a caller about a method: how long it may take, and whether it may be repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from nectary.risk.v1 import policy_pb2 as risk

DEFAULT_DEADLINE_SECONDS = 5.0
_REPEATABLE = (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how fast an idempotent call is repeated by itself, gRPC proposal A6.

    When many calls fail, repeating them makes it worse: a failure takes one of `max_tokens`, a success
    gives `token_ratio` back, and below half of the tokens nothing is repeated. A server that goes down
    fails all that is under way to it at once, so half of the tokens must be as many as calls run on one
    server: 512, unless it is set otherwise. 1,000 is the most that gRPC allows.
    """

    max_attempts: int = 5
    initial_backoff_seconds: float = 0.1
    max_backoff_seconds: float = 1.0
    multiplier: float = 2.0
    max_tokens: int = 1_000
    token_ratio: float = 0.1


def deadline_of(path: str) -> float:
    """The default deadline of a method in seconds, 5 for one that is not in a contract known here."""
    try:
        method = descriptor_pool.Default().FindMethodByName(path[1:].replace("/", "."))
    except KeyError:
        return DEFAULT_DEADLINE_SECONDS
    declared = method.GetOptions().Extensions[risk.policy].default_deadline.ToTimedelta()
    return float(declared.total_seconds()) or DEFAULT_DEADLINE_SECONDS


def service_config(services: Sequence[ServiceDescriptor], retry: RetryPolicy) -> dict[str, Any]:
    """The service config for gRPC: calls spread over all replicas, idempotent ones repeated.

    It sets no `timeout`: grpcio ends such calls up to a second early, some at once. Deadlines are set a
    call instead.
    """
    repeatable = [
        {"service": service.full_name, "method": method.name}
        for service in services
        for method in service.methods
        if _is_repeatable(method)
    ]
    config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if repeatable:
        config["methodConfig"] = [{"name": repeatable, "retryPolicy": _retry_policy(retry)}]
        config["retryThrottling"] = {"maxTokens": retry.max_tokens, "tokenRatio": retry.token_ratio}
    return config


def _is_repeatable(method: MethodDescriptor) -> bool:
    return method.GetOptions().idempotency_level in _REPEATABLE


def _retry_policy(retry: RetryPolicy) -> dict[str, Any]:
    return {
        "maxAttempts": retry.max_attempts,
        "initialBackoff": f"{retry.initial_backoff_seconds}s",
        "maxBackoff": f"{retry.max_backoff_seconds}s",
        "backoffMultiplier": retry.multiplier,
        # A server that goes down cancels the calls that it had received and not begun.
        "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
    }
