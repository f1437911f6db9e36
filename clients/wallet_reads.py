"""What is in wallets, and how it came to that: the reads of `nectary.honey.v1.WalletService`."""

from datetime import datetime

from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import wallet_service_pb2 as pb
from nectary.honey.v1 import wallet_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel
from .times import timestamp_of


class WalletReads(Client):
    """Each is of a member's wallet, or of a merchant's if `merchant_id` is given instead."""

    SERVICE = pb.DESCRIPTOR.services_by_name["WalletService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.WalletServiceStub(channel)

    async def get_balance(
        self, programme_id: str, member_id: str = "", *, merchant_id: str = "", as_of: datetime | None = None
    ) -> honey.Balance:
        """What is in a wallet at a moment, now if absent."""
        request = pb.GetBalanceRequest(
            programme_id=programme_id,
            member_id=member_id,
            merchant_id=merchant_id,
            as_of=timestamp_of(as_of),
        )
        return (await self._stub.GetBalance(request)).balance

    async def list_lots(
        self,
        programme_id: str,
        member_id: str = "",
        *,
        merchant_id: str = "",
        with_points: bool = False,
        page_size: int = 0,
        page_token: str = "",
    ) -> pb.ListLotsResponse:
        """Lots of a wallet, the oldest first."""
        request = pb.ListLotsRequest(
            programme_id=programme_id,
            member_id=member_id,
            merchant_id=merchant_id,
            with_points=with_points,
            page_size=page_size,
            page_token=page_token,
        )
        return await self._stub.ListLots(request)

    async def list_transactions(
        self,
        programme_id: str,
        member_id: str = "",
        *,
        merchant_id: str = "",
        page_size: int = 0,
        page_token: str = "",
    ) -> pb.ListTransactionsResponse:
        """What happened in a wallet, the oldest first."""
        request = pb.ListTransactionsRequest(
            programme_id=programme_id,
            member_id=member_id,
            merchant_id=merchant_id,
            page_size=page_size,
            page_token=page_token,
        )
        return await self._stub.ListTransactions(request)

    async def get_statement(
        self,
        programme_id: str,
        member_id: str = "",
        *,
        merchant_id: str = "",
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pb.GetStatementResponse:
        """What moved in a period: from the beginning, and until now, if absent."""
        request = pb.GetStatementRequest(
            programme_id=programme_id,
            member_id=member_id,
            merchant_id=merchant_id,
            start_time=timestamp_of(start),
            end_time=timestamp_of(end),
        )
        return await self._stub.GetStatement(request)

    async def verify_statement(
        self,
        programme_id: str,
        member_id: str = "",
        *,
        merchant_id: str = "",
        version: int = 0,
        link: bytes = b"",
    ) -> pb.VerifyStatementResponse:
        """Whether a wallet's past is as it was, as the server finds it."""
        request = pb.VerifyStatementRequest(
            programme_id=programme_id,
            member_id=member_id,
            merchant_id=merchant_id,
            version=version,
            link=link,
        )
        return await self._stub.VerifyStatement(request)
