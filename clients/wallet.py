"""Points in wallets: `nectary.honey.v1.WalletService`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from nectary.honey.v1 import calendar_pb2
from nectary.honey.v1 import wallet_service_pb2 as pb

from .request_ids import new_request_id
from .times import timestamp_of
from .wallet_reads import WalletReads


class WalletClient(WalletReads):
    """Arguments are those of the contract. Moments are aware; a request id is made where none is given."""

    async def earn_points(
        self,
        programme_id: str,
        member_id: str,
        points: int,
        *,
        active_at: datetime | None = None,
        expires_at: datetime | None = None,
        merchant_id: str = "",
        priority: int = 0,
        cause: str = "",
        reason: str = "",
        sliding: calendar_pb2.Period | None = None,
        request_id: str | None = None,
    ) -> pb.EarnPointsResponse:
        """Gives points. Those that slide live as long as the member is active.

        Raises Refused (INSUFFICIENT_CREDIT, WALLET_FULL).
        """
        request = pb.EarnPointsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            points=points,
            active_time=timestamp_of(active_at),
            expire_time=timestamp_of(expires_at),
            merchant_id=merchant_id,
            priority=priority,
            cause=cause,
            reason=reason,
            sliding=sliding,
        )
        return await self._stub.EarnPoints(request)

    async def spend_points(
        self,
        programme_id: str,
        member_id: str,
        points: int,
        *,
        merchant_id: str = "",
        cause: str = "",
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.SpendPointsResponse:
        """Spends points. Raises Refused (INSUFFICIENT_POINTS)."""
        request = pb.SpendPointsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            points=points,
            merchant_id=merchant_id,
            cause=cause,
            reason=reason,
        )
        return await self._stub.SpendPoints(request)

    async def hold_points(
        self,
        programme_id: str,
        member_id: str,
        points: int,
        *,
        expires_at: datetime | None = None,
        cause: str = "",
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.HoldPointsResponse:
        """Sets points aside. Raises Refused (INSUFFICIENT_POINTS, TOO_MANY_HOLDS)."""
        request = pb.HoldPointsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            points=points,
            expire_time=timestamp_of(expires_at),
            cause=cause,
            reason=reason,
        )
        return await self._stub.HoldPoints(request)

    async def confirm_hold(
        self,
        programme_id: str,
        member_id: str,
        hold_id: str,
        *,
        points: int = 0,
        merchant_id: str = "",
        cause: str = "",
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.ConfirmHoldResponse:
        """Spends what is held, with 0 all of it. Raises NotFound, Refused (HOLD_NOT_OPEN, MORE_THAN_HELD)."""
        request = pb.ConfirmHoldRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            hold_id=hold_id,
            points=points,
            merchant_id=merchant_id,
            cause=cause,
            reason=reason,
        )
        return await self._stub.ConfirmHold(request)

    async def release_hold(
        self,
        programme_id: str,
        member_id: str,
        hold_id: str,
        *,
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.ReleaseHoldResponse:
        """Lets a hold go. Raises NotFound (HOLD_NOT_FOUND), Refused (HOLD_NOT_OPEN)."""
        request = pb.ReleaseHoldRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            hold_id=hold_id,
            reason=reason,
        )
        return await self._stub.ReleaseHold(request)

    async def reverse_points(
        self,
        programme_id: str,
        member_id: str,
        reversed_transaction_id: str,
        *,
        points: int = 0,
        cause: str = "",
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.ReversePointsResponse:
        """Undoes a spend or an earning, with 0 all that is left of it. Raises NotFound, Refused."""
        request = pb.ReversePointsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            reversed_transaction_id=reversed_transaction_id,
            points=points,
            cause=cause,
            reason=reason,
        )
        return await self._stub.ReversePoints(request)

    async def adjust_points(
        self,
        programme_id: str,
        member_id: str = "",
        *,
        points: int,
        reason: str,
        merchant_id: str = "",
        expires_at: datetime | None = None,
        cause: str = "",
        request_id: str | None = None,
    ) -> pb.AdjustPointsResponse:
        """Gives or takes points by hand. Raises Refused (INSUFFICIENT_POINTS, INSUFFICIENT_CREDIT)."""
        request = pb.AdjustPointsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            merchant_id=merchant_id,
            points=points,
            expire_time=timestamp_of(expires_at),
            cause=cause,
            reason=reason,
        )
        return await self._stub.AdjustPoints(request)

    async def transfer_points(
        self,
        programme_id: str,
        member_id: str,
        target_member_id: str,
        points: int,
        *,
        cause: str = "",
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.TransferPointsResponse:
        """Moves points to another member. Raises Refused (INSUFFICIENT_POINTS)."""
        request = pb.TransferPointsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            target_member_id=target_member_id,
            points=points,
            cause=cause,
            reason=reason,
        )
        return await self._stub.TransferPoints(request)

    async def reinstate_points(
        self,
        programme_id: str,
        member_id: str,
        lot_id: str,
        *,
        expires_at: datetime,
        reason: str,
        points: int = 0,
        request_id: str | None = None,
    ) -> pb.ReinstatePointsResponse:
        """Gives expired points back, with 0 all of a lot. Raises NotFound, Refused (MORE_THAN_EXPIRED)."""
        request = pb.ReinstatePointsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            member_id=member_id,
            lot_id=lot_id,
            points=points,
            expire_time=timestamp_of(expires_at),
            reason=reason,
        )
        return await self._stub.ReinstatePoints(request)

    async def refund_order_items(
        self,
        programme_id: str,
        order_id: str,
        refunds: Mapping[str, int],
        *,
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.RefundOrderItemsResponse:
        """Item id → minor units: what they earned is taken back, what was spent on them comes back.

        Raises InvalidRequest, NotFound, Refused (MORE_THAN_ORDERED).
        """
        request = pb.RefundOrderItemsRequest(
            request_id=request_id or new_request_id(),
            programme_id=programme_id,
            order_id=order_id,
            refunds=[pb.ItemRefund(item_id=item_id, amount_minor=paid) for item_id, paid in refunds.items()],
            reason=reason,
        )
        return await self._stub.RefundOrderItems(request)

    async def batch_post(self, postings: Sequence[pb.Posting]) -> Sequence[pb.PostingOutcome]:
        """What became of each, in their order. A refusal is an outcome here and raises nothing."""
        return (await self._stub.BatchPost(pb.BatchPostRequest(postings=postings))).outcomes
