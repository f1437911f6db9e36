"""The list on the wire."""

from domain.risk.appeals import Appeal, AppealState
from domain.risk.suspects import Entry, Transition
from domain.shared.instants import Instant
from nectary.risk.v1 import risk_pb2 as pb
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import timestamp_of
from servers.risk.wire.values import STATES, subject

APPEAL_STATES = Names(AppealState, pb.AppealState)


def suspect(own: Entry, last_appeal: Appeal | None, now: Instant) -> pb.Suspect:
    """What the list says of a subject at an instant."""
    return pb.Suspect(
        subject=subject(own.subject),
        state=STATES.wire(own.state_at(now)),
        rule_id=own.rule_id,
        rule_version=own.rule_version,
        scene=own.scene,
        reason=own.reason,
        since_time=timestamp_of(own.since) if own.version else None,
        expire_time=timestamp_of(own.expires) if own.version else None,
        strikes_milli=own.strikes_milli,
        version=own.version,
        appeal=appeal(last_appeal) if last_appeal else None,
        snoozes=[
            pb.Snooze(rule_id=one.rule_id, expire_time=timestamp_of(one.until))
            for one in own.snoozes
            if now < one.until
        ],
        immunities=[
            pb.Immunity(
                rule_id=one.rule_id, rule_version=one.rule_version, expire_time=timestamp_of(one.until)
            )
            for one in own.immunities
            if now < one.until
        ],
    )


def transition(own: Transition) -> pb.Transition:
    cause = own.cause
    return pb.Transition(
        from_state=STATES.wire(own.from_state),
        to_state=STATES.wire(own.to_state),
        version=own.version,
        actor=cause.actor,
        rule_id=cause.rule_id,
        rule_version=cause.rule_version,
        scene=cause.scene,
        reason=cause.reason,
        event_id=cause.event_id,
        evidence_digest=cause.evidence_digest,
        decision_ids=cause.decision_ids,
        previous_hash=own.previous_hash,
        hash=own.hash,
        transition_time=timestamp_of(own.at),
        expire_time=timestamp_of(own.expires),
        detail=own.detail,
    )


def appeal(own: Appeal) -> pb.Appeal:
    return pb.Appeal(
        appeal_id=own.appeal_id,
        state=APPEAL_STATES.wire(own.state),
        text=own.text,
        create_time=timestamp_of(own.created),
        answer_by_time=timestamp_of(own.answer_by),
        answer_time=None if own.answered is None else timestamp_of(own.answered),
    )
