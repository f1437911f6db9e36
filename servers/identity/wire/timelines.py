"""Timelines, terms, segments and identities on the wire."""

from collections.abc import Iterable, Sequence

from domain.identity.facts import Recorded, Span, TermMoved
from domain.identity.layout import Layout, Segment
from domain.identity.queries import state_of
from domain.identity.terms import Cause, Term
from domain.identity.timeline import Timeline
from domain.shared.instants import Instant
from nectary.identity.v1 import identity_pb2 as pb
from servers.identity.codec import encode_fact
from servers.identity.sql.facts import event_id
from servers.identity.wire.values import CAUSES, CHANNELS, PLACEMENTS, STATES, last_day, money, timestamp


def timeline(own: Timeline, layout: Layout, at: Instant) -> pb.Timeline:
    """A timeline with the states that its terms have at an instant."""
    return pb.Timeline(
        member_id=own.member_id,
        version=own.sequence,
        lanes=[
            pb.Lane(lane_id=lane.lane_id, spu_id=lane.spu_id, segments=segments(own, lane.segments))
            for lane in layout.lanes.values()
        ],
        terms=[term(own, layout, item, at) for item in own.terms.values()],
    )


def term(own: Timeline, layout: Layout, item: Term, at: Instant) -> pb.Term:
    return pb.Term(
        term_id=item.term_id,
        sku_id=item.sku_id,
        sku_version=item.sku_version,
        spu_id=item.spu_id,
        lane_id=item.lane_id,
        placement=PLACEMENTS.wire(item.placement),
        state=STATES.wire(state_of(own, layout, item, at)),
        cause=cause(item.cause),
        source=item.source,
        acquisition_channel=CHANNELS.wire(item.channel),
        paid=money(item.currency, item.paid),
        refunded=money(item.currency, own.refunded(item.term_id)),
        acquired_time=timestamp(item.acquired),
        recorded_time=timestamp(own.recorded[item.term_id]),
        segments=segments(own, layout.of(item.term_id)),
        supersedes=[supersession.term_id for supersession in item.supersedes],
    )


def cause(own: Cause) -> pb.Cause:
    return pb.Cause(kind=CAUSES.wire(own.kind), id=own.id)


def segments(own: Timeline, laid: Iterable[Segment]) -> list[pb.Segment]:
    return [segment(own.terms[item.term_id], item.span) for item in laid]


def segment(item: Term, span: Span) -> pb.Segment:
    return pb.Segment(
        term_id=item.term_id,
        sku_id=item.sku_id,
        start_time=timestamp(span.start),
        end_time=timestamp(span.end),
        valid_through=last_day(span.end, item.length.zone),
    )


def move(own: Timeline, moved: TermMoved) -> pb.TermMove:
    item = own.terms[moved.term_id]
    return pb.TermMove(
        term_id=moved.term_id,
        before=[segment(item, span) for span in moved.before],
        after=[segment(item, span) for span in moved.after],
    )


def event(member_id: str, line: Recorded) -> pb.TimelineEvent:
    """One fact, flat: what it concerns beside everything it says."""
    names = _names(line.fact)
    return pb.TimelineEvent(
        event_id=event_id(member_id, line.sequence),
        type=EVENT_TYPES[type(line.fact).__name__],
        member_id=member_id,
        sequence=line.sequence,
        effective_time=timestamp(line.effective),
        recorded_time=timestamp(line.recorded),
        term_id=names["term_id"],
        lane_id=names["lane_id"],
        sku_id=names["sku_id"],
        refund_id=names["refund_id"],
        actor=line.actor,
        request_id=line.request_id,
        # Terminations of before there was a column for it say it themselves.
        reason=line.reason or names["reason"],
        payload_json=encode_fact(line.fact).decode(),
    )


EVENT_TYPES = {
    "TermPlaced": pb.EVENT_TYPE_TERM_PLACED,
    "TermMoved": pb.EVENT_TYPE_TERM_MOVED,
    "TermSuperseded": pb.EVENT_TYPE_TERM_SUPERSEDED,
    "TermTerminated": pb.EVENT_TYPE_TERM_TERMINATED,
    "TermReinstated": pb.EVENT_TYPE_TERM_REINSTATED,
    "TermPaused": pb.EVENT_TYPE_TERM_PAUSED,
    "TermResumed": pb.EVENT_TYPE_TERM_RESUMED,
    "MemberAbsorbed": pb.EVENT_TYPE_MEMBER_MERGED,
    "MemberGone": pb.EVENT_TYPE_MEMBER_MERGED,
    "IdentityStarted": pb.EVENT_TYPE_IDENTITY_STARTED,
    "IdentityEnded": pb.EVENT_TYPE_IDENTITY_ENDED,
}
"""The stored kind of a fact, and its name in the contract."""


def _names(fact: object) -> dict[str, str]:
    """The ids and the reason that a fact carries, wherever it carries them."""
    holders: Sequence[object] = [
        fact,
        getattr(fact, "term", None),
        next(iter(getattr(fact, "cuts", ())), None),
    ]
    return {
        name: next((value for holder in holders if (value := getattr(holder, name, ""))), "")
        for name in ("term_id", "lane_id", "sku_id", "refund_id", "reason")
    }
