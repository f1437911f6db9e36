"""Reads of Identity: what is held, timelines, orders, events."""

from collections.abc import Sequence

from sqlalchemy import Connection

from domain.identity import queries
from domain.identity.announcing import Holding
from domain.identity.catalog import Channel
from domain.identity.display import in_display_order
from domain.identity.orders import Order
from domain.identity.recording import require_own
from domain.identity.terms import CauseKind
from domain.identity.timeline import Timeline
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant
from nectary.identity.v1 import identity_pb2
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.identity.asking import require_own_order
from servers.identity.display import Display, Shown
from servers.identity.held import Held, HeldReader, HeldSegment
from servers.identity.sql.facts import read_history
from servers.identity.sql.lists import StoredEvent, events_of_all, events_of_member, latest_events
from servers.identity.sql.orders import SqlOrders
from servers.identity.wire import effects, timelines
from servers.identity.wire.values import CAUSES, CHANNELS, instant, last_day, timestamp
from servers.mesh.clock import Clock
from servers.mesh.pages import Query, position_of, size_of, token_of
from servers.store.store import Store


class Reads:
    """Answers what writes nothing."""

    def __init__(
        self, store: Store, clock: Clock, system_clock: Clock, held: HeldReader, display: Display
    ) -> None:
        self._store = store
        self._clock = clock
        self._system_clock = system_clock
        self._held = held
        self._display = display

    async def identities(self, request: pb.ListIdentitiesRequest) -> pb.ListIdentitiesResponse:
        at = self._at(request)
        found = await self._held({request.member_id: at}, request.min_timeline_version)
        held = found[request.member_id]
        require_own(Timeline(request.member_id, survivor=held.survivor))
        shown = await self._display.shown(self._clock.now()) if held.segments else None
        return pb.ListIdentitiesResponse(
            identities=_identities(held, shown, at) if shown else [],
            weights_version=shown.weights.version if shown else 0,
            timeline_version=held.version,
        )

    async def check(self, request: pb.BatchCheckIdentitiesRequest) -> pb.BatchCheckIdentitiesResponse:
        skus, spus = set(request.sku_ids), set(request.spu_ids)
        moments = self._moments(request)
        since: dict[str, Instant] = {}
        for member_id, at in moments:
            since[member_id] = min(at, since.get(member_id, at))
        found = await self._held(since)
        return pb.BatchCheckIdentitiesResponse(
            members=[
                pb.MemberIdentities(member_id=member_id, held=_held_skus(found[member_id], skus, spus, at))
                for member_id, at in moments
            ]
        )

    async def timeline(self, request: pb.GetTimelineRequest) -> pb.GetTimelineResponse:
        member_id = request.member_id
        history = await self._store.read(read_history, [member_id])
        as_of, known_at = instant(request, "as_of"), instant(request, "known_at")
        seen = queries.view(member_id, history.get(member_id, []), as_of, known_at, self._clock.now())
        return pb.GetTimelineResponse(timeline=timelines.timeline(seen.timeline, seen.layout, seen.at))

    async def order(self, request: pb.GetOrderRequest) -> pb.GetOrderResponse:
        found = await self._store.read(_order, request.order_id)
        require_own_order(found)
        return pb.GetOrderResponse(order=effects.order(found, self._clock.now()))

    async def events(self, request: pb.ListEventsRequest) -> pb.ListEventsResponse:
        kinds = sorted(kind for kind, number in timelines.EVENT_TYPES.items() if number in request.types)
        query: Query = ["events", request.member_id, *kinds]
        size = size_of(request.page_size)
        if request.from_end:
            return await self._latest_events(request, query, kinds, size)
        after = position_of(query, request.page_token) or 0
        if request.member_id:
            return await self._events_of_member(request.member_id, query, kinds, after, size)
        machine_time = self._system_clock.now()
        rows = await self._store.read(events_of_all, kinds, after, size, machine_time)
        last = rows[-1].id if rows else after
        return pb.ListEventsResponse(events=_events(rows), next_page_token=token_of(query, last))

    async def _events_of_member(
        self, member_id: str, query: Query, kinds: Sequence[str], after: int, size: int
    ) -> pb.ListEventsResponse:
        rows = await self._store.read(events_of_member, member_id, kinds, after, size + 1)
        page = rows[:size]
        more = len(rows) > size
        token = token_of(query, page[-1].line.sequence) if more else ""
        return pb.ListEventsResponse(events=_events(page), next_page_token=token)

    async def _latest_events(
        self, request: pb.ListEventsRequest, query: Query, kinds: Sequence[str], size: int
    ) -> pb.ListEventsResponse:
        if request.page_token:
            raise Invalid([FieldViolation("from_end", "ONE_OF", "give either the end or a page token")])
        machine_time = self._system_clock.now()
        rows = await self._store.read(latest_events, request.member_id, kinds, size, machine_time)
        last = (rows[-1].line.sequence if request.member_id else rows[-1].id) if rows else 0
        return pb.ListEventsResponse(events=_events(rows), next_page_token=token_of(query, last))

    def _moments(self, request: pb.BatchCheckIdentitiesRequest) -> list[tuple[str, Instant]]:
        """Members and instants, as asked. Raises Invalid for both ways of asking at once, and for none."""
        if bool(request.member_ids) is bool(request.moments):
            raise Invalid([FieldViolation("member_ids", "ONE_OF", "give either members or moments")])
        if not request.moments:
            at = self._at(request)
            return [(member_id, at) for member_id in request.member_ids]
        if request.HasField("at"):
            raise Invalid([FieldViolation("at", "ONE_OF", "give either one instant or moments")])
        return [(moment.member_id, self._at(moment)) for moment in request.moments]

    def _at(
        self, asked: pb.ListIdentitiesRequest | pb.BatchCheckIdentitiesRequest | pb.MemberMoment
    ) -> Instant:
        at = instant(asked, "at")
        return self._clock.now() if at is None else at


def _order(connection: Connection, order_id: str) -> Order:
    return SqlOrders(connection).get(order_id)


def _events(rows: Sequence[StoredEvent]) -> list[identity_pb2.TimelineEvent]:
    return [timelines.event(row.member_id, row.line) for row in rows]


def _held_skus(held: Held, skus: set[str], spus: set[str], at: Instant) -> list[pb.HeldSku]:
    """Each SKU once, by id; several lanes of one SKU answer with the latest end."""
    ends: dict[str, HeldSegment] = {}
    for segment in held.segments:
        asked = not (skus or spus) or segment.sku_id in skus or segment.spu_id in spus
        if asked and segment.start <= at < segment.end:
            known = ends.get(segment.sku_id)
            if known is None or known.end < segment.end:
                ends[segment.sku_id] = segment
    return [
        pb.HeldSku(sku_id=sku_id, spu_id=segment.spu_id, end_time=timestamp(segment.end))
        for sku_id, segment in sorted(ends.items())
    ]


def _identities(held: Held, shown: Shown, at: Instant) -> list[identity_pb2.Identity]:
    runs: dict[tuple[str, str], list[HeldSegment]] = {}
    for segment in sorted(held.segments, key=lambda segment: segment.start):
        if segment.held_from <= at < segment.held_until:
            runs.setdefault((segment.lane_id, segment.sku_id), []).append(segment)
    holdings = [
        Holding(
            run[0].held_from, run[0].held_until, lane_id, sku_id, tuple(segment.term_id for segment in run)
        )
        for (lane_id, sku_id), run in runs.items()
        if any(segment.start <= at < segment.end for segment in run)
    ]
    ordered = in_display_order(holdings, shown.catalog, shown.weights)
    return [_identity(item, runs[item.key], shown) for item in ordered]


def _identity(item: Holding, run: Sequence[HeldSegment], shown: Shown) -> identity_pb2.Identity:
    spu_id = run[0].spu_id
    sku = shown.catalog.skus.get(item.sku_id)
    causes = {segment.term_id: segment for segment in run}
    return identity_pb2.Identity(
        sku_id=item.sku_id,
        spu_id=spu_id,
        lane_id=item.lane_id,
        start_time=timestamp(item.start),
        end_time=timestamp(item.end),
        valid_through=last_day(item.end, shown.zone(spu_id)),
        causes=[_cause(segment) for segment in causes.values()],
        rank=sku.rank if sku else 0,
        display_weight=shown.weights.of(shown.catalog, spu_id),
    )


def _cause(segment: HeldSegment) -> identity_pb2.IdentityCause:
    return identity_pb2.IdentityCause(
        term_id=segment.term_id,
        cause=identity_pb2.Cause(kind=CAUSES.wire(CauseKind(segment.cause_kind)), id=segment.cause_id),
        source=segment.source,
        acquisition_channel=CHANNELS.wire(Channel(segment.channel)),
    )
