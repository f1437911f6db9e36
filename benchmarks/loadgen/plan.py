"""What is to be sent, and how: small enough to be handed to a process of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

DEADLINE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """One unary call."""

    path: str
    """`/package.Service/Method`."""
    message: bytes
    deadline_seconds: float | None = None
    """None: the plan's. The server is told, and after it this side waits no longer."""


@dataclass(frozen=True)
class Closed:
    """As many calls under way as `in_flight`, at any time: how much a server can do."""

    in_flight: int
    gather_seconds: float = 0.0003
    """How long answers are let gather before they are read: most of what a call costs here is to be woken."""


@dataclass(frozen=True)
class Open:
    """Calls come at their own times, whether the server keeps up or not: how long people wait.

    A latency counts from the moment at which a call was due, so that a stall is felt by all who came in the
    meantime, whom a closed loop leaves out (coordinated omission).
    """

    per_second: float


@dataclass(frozen=True)
class Plan:
    """A run."""

    address: str
    """`host:port`."""
    calls: Sequence[Call]
    pace: Closed | Open
    connections: int = 4
    at_once: bool = False
    """Whether connections are opened only with the first calls, which then wait for them too."""
    deadline_seconds: float = DEADLINE_SECONDS
    metadata: Sequence[tuple[str, str]] = field(default=())
    """Sent with every call: `authorization`, say."""


def timeout_value(seconds: float) -> bytes:
    """As the header `grpc-timeout` says it: at most eight digits, rounded up to a microsecond."""
    micros = max(1, -(-int(seconds * 1e9) // 1000))
    return b"%du" % micros if micros < 10**8 else b"%dm" % -(-micros // 1000)
