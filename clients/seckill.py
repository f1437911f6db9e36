"""Buying in a flash sale: `nectary.seckill.v1.SeckillService`."""

from datetime import datetime

from nectary.common.v1 import money_pb2 as money
from nectary.seckill.v1 import seckill_pb2 as seckill
from nectary.seckill.v1 import seckill_service_pb2 as pb
from nectary.seckill.v1 import seckill_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel
from .request_ids import new_request_id
from .times import timestamp_of


class SeckillClient(Client):
    """Arguments are those of the contract. Moments are aware; a request id is made where none is given."""

    SERVICE = pb.DESCRIPTOR.services_by_name["SeckillService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.SeckillServiceStub(channel)

    async def reserve_unit(
        self,
        activity_id: str,
        member_id: str,
        *,
        quantity: int = 1,
        scene: str = "",
        device: str = "",
        request_id: str | None = None,
    ) -> seckill.Reservation:
        """Reserves units. Raises Throttled (SOLD_OUT), Refused (NOT_OPEN_YET, MEMBER_LIMIT_REACHED …).

        To be able to ask again after a timeout, give the request id.
        """
        request = pb.ReserveUnitRequest(
            request_id=request_id or new_request_id(),
            activity_id=activity_id,
            member_id=member_id,
            quantity=quantity,
            scene=scene,
            device=device,
        )
        return (await self._stub.ReserveUnit(request)).reservation

    async def get_result(
        self, activity_id: str, member_id: str, reserve_request_id: str
    ) -> pb.GetResultResponse:
        """What became of a `reserve_unit`, by its request id."""
        request = pb.GetResultRequest(
            activity_id=activity_id, member_id=member_id, reserve_request_id=reserve_request_id
        )
        return await self._stub.GetResult(request)

    async def get_order(self, order_id: str) -> seckill.Order:
        """One order as it stands now."""
        return (await self._stub.GetOrder(pb.GetOrderRequest(order_id=order_id))).order

    async def list_orders(
        self, *, member_id: str = "", activity_id: str = "", page_size: int = 0, page_token: str = ""
    ) -> pb.ListOrdersResponse:
        """Orders of a member, an activity, or both, the newest first."""
        request = pb.ListOrdersRequest(
            member_id=member_id, activity_id=activity_id, page_size=page_size, page_token=page_token
        )
        return await self._stub.ListOrders(request)

    async def cancel_order(
        self, order_id: str, *, reason: str = "", request_id: str | None = None
    ) -> seckill.Order:
        """Cancels an order that is not paid. Raises Refused (ORDER_STATE_WRONG)."""
        request = pb.CancelOrderRequest(
            request_id=request_id or new_request_id(), order_id=order_id, reason=reason
        )
        return (await self._stub.CancelOrder(request)).order

    async def confirm_payment(
        self,
        order_id: str,
        *,
        payment_id: str,
        amount: money.Money,
        paid_at: datetime | None = None,
        request_id: str | None = None,
    ) -> pb.ConfirmPaymentResponse:
        """Tells of a payment. It pays the order or goes back: read `payment.fate`."""
        request = pb.ConfirmPaymentRequest(
            request_id=request_id or new_request_id(),
            order_id=order_id,
            payment_id=payment_id,
            amount=amount,
            pay_time=timestamp_of(paid_at),
        )
        return await self._stub.ConfirmPayment(request)
