"""What a caller is told whose call is refused: a typed error with everything a program can act on."""

import random
from functools import lru_cache

from google.rpc import error_details_pb2

from domain.risk.decisions import Decision
from domain.risk.evidence import Seen
from domain.risk.limit import Limit
from domain.risk.rules import Outcome
from domain.risk.stamps import NEVER
from domain.risk.subjects import SubjectKind
from domain.shared.errors import DomainError
from domain.shared.instants import MINUTE, Instant
from nectary.risk.v1 import risk_pb2
from servers.mesh.errors import ChallengeRequired, DecidedElsewhere, LimitReached, SubjectDenied
from servers.mesh.timestamps import timestamp_of

JITTER = 0.1
"""At most so much is added to the time to come back: those refused together shall not return together."""
NEVER_RETRY_MS = 24 * 3_600_000
"""What a caller is told whose call costs more than its limit has: what we promise may be another by then."""
DENIED_RETRY_MS = 60_000
"""When it is worth while to ask whether a denial still holds. When it ends is told to no stranger."""
CHALLENGE_LASTS: Instant = 10 * MINUTE


def limit_reached(
    limit: Limit, retry_after_ms: int, reason: str, service: str, decision_id: str
) -> LimitReached:
    """A limit refuses, and has room again after so long, or NEVER."""
    told_ms = NEVER_RETRY_MS if retry_after_ms == NEVER else _jittered(retry_after_ms)
    return LimitReached(
        told_ms,
        _quota(limit.name, limit.subject, limit.units, limit.window_ms, service),
        rule_id=limit.name,
        decision_id=decision_id,
        why=reason,
    )


def decided_elsewhere(limit: Limit, retry_after_ms: int, decision_id: str) -> DecidedElsewhere:
    """The last units of a limit are with other replicas, until its store answers."""
    return DecidedElsewhere(_jittered(retry_after_ms), rule_id=limit.name, decision_id=decision_id)


def _jittered(milliseconds: int) -> int:
    return int(milliseconds * (1 + random.random() * JITTER))


@lru_cache(1024)
def _quota(
    rule_id: str, kind: str, units: int, window_ms: int, service: str
) -> error_details_pb2.QuotaFailure:
    quota = error_details_pb2.QuotaFailure()
    quota.violations.add(
        subject=kind,
        description=f"at most {units} in {window_ms} ms",
        api_service=service,
        quota_id=rule_id,
        quota_value=units,
    )
    return quota


def refused(decision: Decision, decision_id: str, listed: tuple[Seen, ...], now: Instant) -> DomainError:
    """A rule's verdict, or the list, refuses."""
    cited = {"decision_id": decision_id}
    if decision.rule_id:
        cited |= {"rule_id": decision.rule_id, "why": decision.reason}
    if decision.outcome is Outcome.DENY:
        return SubjectDenied(DENIED_RETRY_MS, **cited)
    return ChallengeRequired(challenge(decision_id, listed, now), **cited)


def challenge(decision_id: str, listed: tuple[Seen, ...], now: Instant) -> risk_pb2.Challenge:
    """What must be proved: by a listed member that it is who it says, by others that they are people."""
    about_member = any(one.subject.kind is SubjectKind.MEMBER for one in listed)
    return risk_pb2.Challenge(
        challenge_id=decision_id,
        kind=risk_pb2.CHALLENGE_KIND_MEMBER if about_member else risk_pb2.CHALLENGE_KIND_HUMAN,
        expire_time=timestamp_of(now + CHALLENGE_LASTS),
    )
