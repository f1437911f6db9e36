"""`nectary.honey.v1.WalletService`: translate, call one use case, translate back."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message

from domain.honey.commands import earn, operate, refunds, spend
from domain.honey.wallets import Standing
from domain.shared.instants import Instant
from nectary.honey.v1 import wallet_service_pb2 as pb
from nectary.honey.v1 import wallet_service_pb2_grpc as rpc
from servers.honey import asking, postings
from servers.honey.reads import Reads
from servers.honey.sql.unit import Unit
from servers.honey.wire import wallets as wire
from servers.honey.wire.events import item_points
from servers.store.writes import Writes, write_of

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

M = TypeVar("M", bound=Message)
R = TypeVar("R")


class WalletServicer(rpc.WalletServiceServicer):
    """Points in wallets."""

    def __init__(self, writes: Writes[Unit], reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def GetBalance(self, request: pb.GetBalanceRequest, context: "Context") -> pb.GetBalanceResponse:
        return await self._reads.balance(request)

    async def EarnPoints(self, request: pb.EarnPointsRequest, context: "Context") -> pb.EarnPointsResponse:
        return pb.EarnPointsResponse.FromString(await self._writes(postings.earning(request)))

    async def SpendPoints(self, request: pb.SpendPointsRequest, context: "Context") -> pb.SpendPointsResponse:
        return pb.SpendPointsResponse.FromString(await self._writes(postings.spending(request)))

    async def HoldPoints(self, request: pb.HoldPointsRequest, context: "Context") -> pb.HoldPointsResponse:
        def answer(result: spend.Held, now: Instant) -> pb.HoldPointsResponse:
            return pb.HoldPointsResponse(
                hold=wire.hold(result.hold),
                lots=wire.lot_points(result.hold.parts),
                balance=wire.balance(result.standing, now),
            )

        command = asking.holding_of(request)
        return await self._once(request, pb.HoldPointsResponse, spend.hold_points, command, answer)

    async def ConfirmHold(self, request: pb.ConfirmHoldRequest, context: "Context") -> pb.ConfirmHoldResponse:
        command = asking.confirmation_of(request)

        def answer(result: spend.Confirmed, now: Instant) -> pb.ConfirmHoldResponse:
            return pb.ConfirmHoldResponse(
                transaction_id=command.transaction_id,
                hold=wire.hold(result.hold),
                lots=wire.lot_points(result.spend.parts),
                balance=wire.balance(result.standing, now),
            )

        return await self._once(request, pb.ConfirmHoldResponse, spend.confirm_hold, command, answer)

    async def ReleaseHold(self, request: pb.ReleaseHoldRequest, context: "Context") -> pb.ReleaseHoldResponse:
        def answer(result: spend.Held, now: Instant) -> pb.ReleaseHoldResponse:
            return pb.ReleaseHoldResponse(
                hold=wire.hold(result.hold), balance=wire.balance(result.standing, now)
            )

        command = asking.release_of(request)
        return await self._once(request, pb.ReleaseHoldResponse, spend.release_hold, command, answer)

    async def ReversePoints(
        self, request: pb.ReversePointsRequest, context: "Context"
    ) -> pb.ReversePointsResponse:
        return pb.ReversePointsResponse.FromString(await self._writes(postings.reversal(request)))

    async def RefundOrderItems(
        self, request: pb.RefundOrderItemsRequest, context: "Context"
    ) -> pb.RefundOrderItemsResponse:
        command = asking.refund_of(request)

        def answer(result: refunds.ItemsRefunded, now: Instant) -> pb.RefundOrderItemsResponse:
            settled, standing = result.settled, result.standing
            if settled is None or standing is None:
                return pb.RefundOrderItemsResponse(transaction_id=command.transaction_id, awaits_order=True)
            return pb.RefundOrderItemsResponse(
                transaction_id=command.transaction_id,
                taken_back_points=settled.taken_back,
                given_back_points=settled.given_back,
                waived_points=settled.waived,
                items=map(item_points, settled.items),
                balance=wire.balance(standing, now),
            )

        return await self._once(
            request, pb.RefundOrderItemsResponse, refunds.refund_order_items, command, answer
        )

    async def BatchPost(self, request: pb.BatchPostRequest, context: "Context") -> pb.BatchPostResponse:
        writes = [postings.posting(one) for one in request.postings]
        # In the order in which they are begun: what is put first is done first.
        answers = await asyncio.gather(*map(self._writes, writes), return_exceptions=True)
        outcomes = map(postings.outcome, request.postings, answers)
        return pb.BatchPostResponse(outcomes=outcomes)

    async def AdjustPoints(
        self, request: pb.AdjustPointsRequest, context: "Context"
    ) -> pb.AdjustPointsResponse:
        command = asking.adjustment_of(request)

        def answer(result: Standing, now: Instant) -> pb.AdjustPointsResponse:
            return pb.AdjustPointsResponse(
                transaction_id=command.transaction_id, balance=wire.balance(result, now)
            )

        return await self._once(request, pb.AdjustPointsResponse, operate.adjust_points, command, answer)

    async def ReinstatePoints(
        self, request: pb.ReinstatePointsRequest, context: "Context"
    ) -> pb.ReinstatePointsResponse:
        command = asking.reinstatement_of(request)

        def answer(result: earn.Earned, now: Instant) -> pb.ReinstatePointsResponse:
            return pb.ReinstatePointsResponse(
                transaction_id=command.transaction_id,
                lot=wire.lot(result.lot),
                balance=wire.balance(result.standing, now),
            )

        return await self._once(
            request, pb.ReinstatePointsResponse, operate.reinstate_points, command, answer
        )

    async def TransferPoints(
        self, request: pb.TransferPointsRequest, context: "Context"
    ) -> pb.TransferPointsResponse:
        command = asking.transfer_of(request)

        def answer(result: operate.Transferred, now: Instant) -> pb.TransferPointsResponse:
            return pb.TransferPointsResponse(
                transaction_id=command.transaction_id,
                balance=wire.balance(result.source, now),
                target_balance=wire.balance(result.target, now),
            )

        return await self._once(request, pb.TransferPointsResponse, operate.transfer_points, command, answer)

    async def ListLots(self, request: pb.ListLotsRequest, context: "Context") -> pb.ListLotsResponse:
        return await self._reads.lots(request)

    async def ListTransactions(
        self, request: pb.ListTransactionsRequest, context: "Context"
    ) -> pb.ListTransactionsResponse:
        return await self._reads.transactions(request)

    async def GetStatement(
        self, request: pb.GetStatementRequest, context: "Context"
    ) -> pb.GetStatementResponse:
        return await self._reads.statement(request)

    async def VerifyStatement(
        self, request: pb.VerifyStatementRequest, context: "Context"
    ) -> pb.VerifyStatementResponse:
        return await self._reads.verify(request)

    async def _once(
        self,
        request: Any,
        response: type[M],
        use_case: Callable[..., R],
        command: Any,
        answer: Callable[[R, Instant], M],
    ) -> M:
        """Do it once for each request id: the first answer's bytes, whatever has happened since."""
        return response.FromString(await self._writes(write_of(request, use_case, command, answer)))
