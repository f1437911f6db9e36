"""One classic design behind grpc.aio, as the bare echo is.

python -m benchmarks.classic DESIGN STORE_URL REDIS_URL
"""

import asyncio
import sys
from typing import Any

import grpc
import uvloop
from redis.asyncio import BlockingConnectionPool, Redis

from benchmarks.classic.designs import DESIGNS, WRITERS, Counter, write_queue
from benchmarks.classic.shop import Aborted, LimitReached, Shop, SoldOut
from benchmarks.measuring.serving import serve
from nectary.seckill.v1 import seckill_pb2, seckill_service_pb2

SERVICE = "benchmarks.Classic"
REDIS_CONNECTIONS = 32
_REFUSALS = {
    SoldOut: (grpc.StatusCode.RESOURCE_EXHAUSTED, "SOLD_OUT"),
    Aborted: (grpc.StatusCode.ABORTED, "RACED"),
    LimitReached: (grpc.StatusCode.FAILED_PRECONDITION, "MEMBER_LIMIT_REACHED"),
}


async def _main(design: str, store_url: str, redis_url: str) -> None:
    buy = DESIGNS[design]
    redis = Redis(
        connection_pool=BlockingConnectionPool.from_url(redis_url, max_connections=REDIS_CONNECTIONS)
    )
    async with Shop.opened(store_url) as shop:
        state = Counter(shop, redis)
        writers = [asyncio.create_task(write_queue(state)) for _ in range(WRITERS)]

        async def reserve(request: seckill_service_pb2.ReserveUnitRequest, context: Any) -> Any:
            order_id = ""
            try:
                order_id = await buy(state, request)
            except (SoldOut, Aborted, LimitReached) as refusal:
                await context.abort(*_REFUSALS[type(refusal)])
            reservation = seckill_pb2.Reservation(
                order_id=order_id, activity_id=request.activity_id, member_id=request.member_id, quantity=1
            )
            return seckill_service_pb2.ReserveUnitResponse(reservation=reservation)

        await serve(SERVICE, {"ReserveUnit": (reserve, seckill_service_pb2.ReserveUnitRequest)})
        for writer in writers:
            writer.cancel()
    await redis.aclose()


if __name__ == "__main__":
    uvloop.run(_main(*sys.argv[1:4]))
