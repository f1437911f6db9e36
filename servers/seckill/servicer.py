"""`nectary.seckill.v1.SeckillService`: translate, ask the sale, translate back."""

from typing import TYPE_CHECKING, Any

from domain.seckill.commands import Cancel, Pay
from domain.seckill.done import Done
from domain.seckill.orders import Order
from nectary.seckill.v1 import seckill_service_pb2 as pb
from nectary.seckill.v1 import seckill_service_pb2_grpc as rpc
from servers.mesh.clock import Clock
from servers.mesh.pages import Query, place_of, size_of, token_of_place
from servers.seckill.asking import require_a_list, require_own_order
from servers.seckill.ports import Sales, Wanted, Write
from servers.seckill.wire import orders
from servers.seckill.wire.values import optional_instant, own_money
from servers.store.asked import actor, asked

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class SeckillServicer(rpc.SeckillServiceServicer):
    """Buying in a flash sale."""

    def __init__(self, sales: Sales, clock: Clock) -> None:
        self._sales = sales
        self._clock = clock

    async def ReserveUnit(self, request: pb.ReserveUnitRequest, context: "Context") -> pb.ReserveUnitResponse:
        wanted = Wanted(
            activity_id=request.activity_id,
            member_id=request.member_id,
            request_id=request.request_id,
            quantity=request.quantity or 1,
            scene=request.scene,
            actor=actor(),
        )
        return orders.reserved(await self._sales.reserve(wanted))

    async def GetResult(self, request: pb.GetResultRequest, context: "Context") -> pb.GetResultResponse:
        found = await self._sales.result(request.activity_id, request.member_id, request.reserve_request_id)
        if found.order is not None:
            order = orders.order(found.order, self._clock.now())
            return pb.GetResultResponse(state=pb.RESULT_STATE_ORDERED, order=order)
        state = pb.RESULT_STATE_PENDING if found.is_pending else pb.RESULT_STATE_NONE
        return pb.GetResultResponse(state=state)

    async def GetOrder(self, request: pb.GetOrderRequest, context: "Context") -> pb.GetOrderResponse:
        found = await self._own_order(request.order_id)
        return pb.GetOrderResponse(order=orders.order(found, self._clock.now()))

    async def ListOrders(self, request: pb.ListOrdersRequest, context: "Context") -> pb.ListOrdersResponse:
        require_a_list(request)
        query: Query = ["orders", request.member_id, request.activity_id]
        before, size = place_of(query, request.page_token), size_of(request.page_size)
        found = await self._sales.orders(request.member_id, request.activity_id, before, size + 1)
        page, now = found[:size], self._clock.now()
        more = len(found) > size
        return pb.ListOrdersResponse(
            orders=[orders.order(one, now) for one in page],
            next_page_token=token_of_place(query, (page[-1].reserved, page[-1].order_id)) if more else "",
        )

    async def CancelOrder(self, request: pb.CancelOrderRequest, context: "Context") -> pb.CancelOrderResponse:
        def answer(done: Done) -> bytes:
            response = pb.CancelOrderResponse(order=orders.order(done.order, self._clock.now()))
            return response.SerializeToString(deterministic=True)

        order = await self._own_order(request.order_id)
        command = Cancel(order.order_id, request.reason)
        return pb.CancelOrderResponse.FromString(
            await self._sales.write(Write(order.activity_id, command, asked(request), answer))
        )

    async def ConfirmPayment(
        self, request: pb.ConfirmPaymentRequest, context: "Context"
    ) -> pb.ConfirmPaymentResponse:
        def answer(done: Done) -> bytes:
            response = pb.ConfirmPaymentResponse(
                order=orders.order(done.order, self._clock.now()),
                payment=orders.payment(done.payment) if done.payment else None,
            )
            return response.SerializeToString(deterministic=True)

        order = await self._own_order(request.order_id)
        command = Pay(
            order_id=order.order_id,
            payment_id=request.payment_id,
            amount=own_money(request.amount),
            paid=optional_instant(request, "pay_time"),
        )
        return pb.ConfirmPaymentResponse.FromString(
            await self._sales.write(Write(order.activity_id, command, asked(request), answer))
        )

    async def _own_order(self, order_id: str) -> Order:
        order = await self._sales.order(order_id)
        require_own_order(order)
        return order
