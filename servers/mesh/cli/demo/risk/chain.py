"""The chain of a subject's transitions, checked by whoever has only the public answer.

Written from the contract and not from the server's code: each hash is SHA-256 of the transition in canonical
JSON, which has the hash of the one before in it and an empty one of its own.
"""

import hashlib
import json

from google.protobuf.timestamp_pb2 import Timestamp

from nectary.risk.v1 import risk_pb2, risk_service_pb2


def intact_links(found: risk_service_pb2.GetSubjectResponse) -> int:
    """How many transitions, from the oldest on, have the hash that they must have."""
    previous = ""
    for number, one in enumerate(reversed(found.transitions)):
        if one.previous_hash != previous or one.hash != _hash_of(found.suspect.subject, one):
            return number
        previous = one.hash
    return len(found.transitions)


def _hash_of(subject: risk_pb2.SubjectName, one: risk_pb2.Transition) -> str:
    content = {
        "type": "Transition",
        "subject": {
            "type": "Subject",
            "kind": risk_pb2.SubjectKind.Name(subject.kind).removeprefix("SUBJECT_KIND_"),
            "value": subject.value,
        },
        "from_state": _state(one.from_state),
        "to_state": _state(one.to_state),
        "version": one.version,
        "at": _microseconds(one.transition_time),
        "expires": _microseconds(one.expire_time),
        "cause": {
            "type": "Cause",
            "actor": one.actor,
            "reason": one.reason,
            "event_id": one.event_id,
            "rule_id": one.rule_id,
            "rule_version": one.rule_version,
            "scene": one.scene,
            "evidence_digest": one.evidence_digest,
            "decision_ids": list(one.decision_ids),
        },
        "detail": one.detail,
        "previous_hash": one.previous_hash,
        "hash": "",
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _state(state: risk_pb2.SuspectState.ValueType) -> str:
    return risk_pb2.SuspectState.Name(state).removeprefix("SUSPECT_STATE_")


def _microseconds(moment: Timestamp) -> int:
    return moment.ToNanoseconds() // 1_000
