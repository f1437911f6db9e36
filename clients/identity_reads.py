"""Which cards members hold, held and bought: the reads of `nectary.identity.v1.IdentityService`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from nectary.identity.v1 import identity_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel
from .times import timestamp_of


class IdentityReads(Client):
    """Nothing here changes anything."""

    SERVICE = pb.DESCRIPTOR.services_by_name["IdentityService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.IdentityServiceStub(channel)

    async def get_order(self, order_id: str) -> identity.Order:
        """One order."""
        return (await self._stub.GetOrder(pb.GetOrderRequest(order_id=order_id))).order

    async def get_timeline(
        self, member_id: str, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> identity.Timeline:
        """A member's whole timeline, as of a business time and as known at a time of ours."""
        request = pb.GetTimelineRequest(
            member_id=member_id, as_of=timestamp_of(as_of), known_at=timestamp_of(known_at)
        )
        return (await self._stub.GetTimeline(request)).timeline

    async def list_identities(
        self, member_id: str, *, at: datetime | None = None
    ) -> pb.ListIdentitiesResponse:
        """The cards that a member holds at a moment, in display order."""
        request = pb.ListIdentitiesRequest(member_id=member_id, at=timestamp_of(at))
        return await self._stub.ListIdentities(request)

    async def batch_check_identities(
        self,
        member_ids: Sequence[str],
        *,
        sku_ids: Sequence[str] = (),
        spu_ids: Sequence[str] = (),
        at: datetime | None = None,
    ) -> Sequence[pb.MemberIdentities]:
        """What many members hold of some SKUs or SPUs, in the order of the members. At most 1,000 members."""
        request = pb.BatchCheckIdentitiesRequest(
            member_ids=member_ids, sku_ids=sku_ids, spu_ids=spu_ids, at=timestamp_of(at)
        )
        return (await self._stub.BatchCheckIdentities(request)).members

    async def batch_check_moments(
        self,
        moments: Iterable[tuple[str, datetime]],
        *,
        sku_ids: Sequence[str] = (),
        spu_ids: Sequence[str] = (),
    ) -> Sequence[pb.MemberIdentities]:
        """The same for members, each at a moment of its own, in the order of those. At most 1,000 of them."""
        request = pb.BatchCheckIdentitiesRequest(
            moments=[
                pb.MemberMoment(member_id=member_id, at=timestamp_of(moment)) for member_id, moment in moments
            ],
            sku_ids=sku_ids,
            spu_ids=spu_ids,
        )
        return (await self._stub.BatchCheckIdentities(request)).members

    async def list_events(
        self,
        member_id: str = "",
        *,
        types: Sequence[identity.EventType.ValueType] = (),
        page_size: int = 0,
        page_token: str = "",
        from_end: bool = False,
    ) -> pb.ListEventsResponse:
        """One page of the events of a member, or of all members, in order; `from_end` is the last page."""
        request = pb.ListEventsRequest(
            member_id=member_id,
            page_size=page_size,
            page_token=page_token,
            types=types,
            from_end=from_end,
        )
        return await self._stub.ListEvents(request)
