"""Records of decisions for tests, with defaults."""

from typing import Any

from servers.mesh.judging.record import DecisionRecord, plain_json, to_line
from servers.risk.sql.decisions import Written
from tests.fakes import EPOCH


def a_record(number: int = 1, **fields: Any) -> DecisionRecord:
    """A call that was let through; name an outcome for another."""
    usual = DecisionRecord(
        decision_id=f"decision-{number}",
        time=EPOCH + number,
        method="/nectary.identity.v1.IdentityService/CreateOrder",
        scene="identity.purchase",
        caller="spiffe://mesh.example/gateway/app",
        role="gateway",
        cost=5,
        subjects=(("MEMBER", f"m-{number}"), ("ADDRESS", "192.0.2.1")),
        authenticated=("ADDRESS", "MEMBER"),
        outcome="ALLOW",
        reason="",
        rule_id="",
        rule_version=0,
        revision=1,
        would=(),
        evidence={"at": EPOCH + number},
        latency_us=12,
        sampled=False,
    )
    return usual._replace(**fields)


def a_refusal(number: int = 1, **fields: Any) -> DecisionRecord:
    """A call that a limit refused."""
    refused = {"outcome": "THROTTLE", "reason": "THROTTLED", "rule_id": "member_calls", "rule_version": 1}
    return a_record(number, **(refused | fields))


def written(*records: DecisionRecord) -> list[Written]:
    """As the log brings them."""
    return [Written(record, to_line(record, plain_json(record.evidence))) for record in records]
