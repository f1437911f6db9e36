"""Requests to Risk with defaults: a test names what it is about."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb

MEMBER, DEVICE, ADDRESS = risk.SUBJECT_KIND_MEMBER, risk.SUBJECT_KIND_DEVICE, risk.SUBJECT_KIND_ADDRESS


def new_id() -> str:
    return uuid4().hex


def ts(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def seconds(count: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=count))
    return duration


def member(name: str = "") -> risk.SubjectName:
    return risk.SubjectName(kind=MEMBER, value=name or f"m-{new_id()[:12]}")


def a_limit(rule_id: str = "member_pace", units: int = 100, **more: Any) -> risk.Rule:
    defaults: dict[str, Any] = {
        "rule_id": rule_id,
        "title": "What one member does in a minute",
        "owner": "risk@example.com",
        "limit": risk.Limit(key=[MEMBER], units=units, window=seconds(60)),
    }
    return risk.Rule(**defaults | more)


def a_verdict(
    rule_id: str = "deny_partners", condition: str = "caller == 'mallory'", **more: Any
) -> risk.Rule:
    defaults: dict[str, Any] = {
        "rule_id": rule_id,
        "title": "Callers that are not served",
        "owner": "risk@example.com",
        "condition": condition,
        "verdict": risk.Verdict(outcome=risk.OUTCOME_DENY, reason="not a partner any more"),
    }
    return risk.Rule(**defaults | more)


def rules(*more: risk.Rule) -> risk.RuleSet:
    """Those that are in force when a test begins, and more."""
    spread = risk.Spread(across=DEVICE, most_members=20, window=seconds(3600))
    shared = risk.Rule(
        rule_id="shared_device", title="Members on a device", owner="risk@example.com", spread=spread
    )
    return risk.RuleSet(rules=[a_verdict(), shared, *more])


def an_apply(rule_set: risk.RuleSet, **more: Any) -> pb.ApplyRulesRequest:
    defaults: dict[str, Any] = {"request_id": new_id(), "rule_set": rule_set}
    return pb.ApplyRulesRequest(**defaults | more)


def a_confirmation(subject: risk.SubjectName, **more: Any) -> pb.ConfirmSuspectRequest:
    defaults: dict[str, Any] = {"request_id": new_id(), "subject": subject, "reason": "sells accounts"}
    return pb.ConfirmSuspectRequest(**defaults | more)


def a_release(subject: risk.SubjectName, **more: Any) -> pb.ReleaseSuspectRequest:
    defaults: dict[str, Any] = {"request_id": new_id(), "subject": subject, "reason": "was somebody else"}
    return pb.ReleaseSuspectRequest(**defaults | more)


def a_permission(subject: risk.SubjectName, until: datetime, **more: Any) -> pb.AllowSubjectRequest:
    defaults: dict[str, Any] = {
        "request_id": new_id(),
        "subject": subject,
        "reason": "load test",
        "expire_time": ts(until),
    }
    return pb.AllowSubjectRequest(**defaults | more)


def an_appeal(member_id: str, **more: Any) -> pb.AppealRequest:
    return pb.AppealRequest(
        **{"request_id": new_id(), "member_id": member_id, "text": "It was not me."} | more
    )


def facts(*subjects: risk.SubjectName, **more: Any) -> risk.Facts:
    defaults: dict[str, Any] = {
        "scene": "shop.buy",
        "method": "/shop/buy",
        "caller": "web-shop",
        "role": "service",
        "cost": 1,
        "subjects": subjects,
        "authenticated": [MEMBER],
    }
    return risk.Facts(**defaults | more)
