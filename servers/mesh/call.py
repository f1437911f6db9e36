"""One call on its way through the interceptors, and who is calling."""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import grpc

from clients.incoming import INCOMING
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.contract import Method

Role: TypeAlias = "risk.CallerRole.ValueType"


@dataclass(frozen=True)
class Caller:
    """Who calls, as far as it was proved."""

    role: Role
    name: str
    """The principal: a SPIFFE id, `operator:<name>`, `local`, or empty for nobody. Request ids are unique
    within it."""
    member_id: str | None = None
    """The signed-in member for whom a gateway calls; None for every other role."""
    is_mesh_peer: bool = False
    """Whether a certificate of this mesh was shown: only then is internal metadata believed."""


NOBODY = Caller(risk.CALLER_ROLE_UNSPECIFIED, "")


@dataclass(frozen=True)
class Outcome:
    """How a call ended, for logs and metrics."""

    code: grpc.StatusCode
    reason: str = ""
    message: str = ""
    error: BaseException | None = None
    """Set only for what is worth a trace: a bug of ours."""


SUCCESS = Outcome(grpc.StatusCode.OK)


class Call:
    """What the interceptors learn about one call, outermost first."""

    __slots__ = (
        "caller",
        "context",
        "deadline",
        "forwarded_address",
        "method",
        "outcome",
        "request",
        "request_id",
    )

    def __init__(self, method: Method, context: grpc.aio.ServicerContext[Any, Any], request_id: str) -> None:
        self.method = method
        self.context = context
        self.request_id = request_id
        self.caller = NOBODY
        self.forwarded_address: str | None = None
        """From where the user of a mesh peer calls, as that peer says; None if it does not."""
        self.deadline = math.inf
        """On the event loop's clock, in seconds."""
        self.request: Any = None
        """The parsed message, or for a stream of requests its iterator."""
        self.outcome = SUCCESS


Metadata = Sequence[tuple[str, str | bytes]]


def metadata_of(context: grpc.aio.ServicerContext[Any, Any]) -> Metadata:
    """What came with the call, in order, repeated keys included."""
    # The types promise a mapping or None; it is always a tuple of pairs.
    return cast("Metadata", context.invocation_metadata())


Behaviour = Callable[[Call], Awaitable[Any]]
"""Answers a call: returns the response message, or None after writing a stream of them."""


def current_call() -> Call:
    """The call in whose handler this runs. Raises LookupError outside of one."""
    call = INCOMING.get()
    if not isinstance(call, Call):
        raise LookupError("no call is being served here")
    return call


def current_caller() -> Caller:
    """The caller of the RPC in whose handler this runs. Raises LookupError outside of one."""
    return current_call().caller
