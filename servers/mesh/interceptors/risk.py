"""The slot for the limiter: what each method declares is put before it, and it decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from domain.shared.errors import Throttled
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import Method
from servers.mesh.subjects import Subject, SubjectReader

_log = structlog.get_logger("nectary.risk")


@dataclass(frozen=True)
class Decision:
    """Whether a call may go on."""

    allowed: bool
    retry_after_ms: int = 0
    evidence: str = ""
    """Which limit decided, for people."""


class Limiter(Protocol):
    """Decides on calls, within milliseconds.

    `failure_class` says what happens when its store does not answer. One that cannot keep to it raises
    OSError or TimeoutError, and the interceptor does.
    """

    async def decide(
        self,
        subjects: Sequence[Subject],
        scene: str,
        cost: int,
        failure_class: "risk.FailureClass.ValueType",
    ) -> Decision: ...


class NotLimited:
    """The limiter of a process without a Risk service: it admits everything and says so once."""

    def __init__(self) -> None:
        _log.warning("not limited: no Risk service is configured, every call is admitted")

    async def decide(
        self,
        subjects: Sequence[Subject],
        scene: str,
        cost: int,
        failure_class: "risk.FailureClass.ValueType",
    ) -> Decision:
        return Decision(allowed=True, evidence="not limited")


class Risk:
    """Asks the limiter about every call; scene, cost, subjects and failure class come from the contract."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        if method.streams_requests:
            return inner
        subjects, decide = SubjectReader(method.request_type), self._limiter.decide

        async def judged(call: Call) -> object:
            try:
                decision = await decide(
                    subjects.read(call.request), method.scene, method.cost, method.failure_class
                )
            except (OSError, TimeoutError):
                decision = _undecided(method)
            if not decision.allowed:
                raise Throttled(
                    "THROTTLED", "too many calls", decision.retry_after_ms, limit=decision.evidence
                )
            return await inner(call)

        return judged


_UNDECIDED_RETRY_MS = 1000


def _undecided(method: Method) -> Decision:
    # A limiter that is BOUNDED decides alone while its store is away, so it has no cause to raise.
    if method.failure_class == risk.FAILURE_CLASS_CLOSED:
        return Decision(False, _UNDECIDED_RETRY_MS, "undecided")
    return Decision(allowed=True, evidence="undecided")
