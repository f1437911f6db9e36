"""An operator changes the stock while a crowd buys through the gate."""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis as RedisClient

from domain.seckill.operating import Update
from domain.shared.errors import Refused
from servers.seckill.sale.operators import Operators
from servers.store.asked import Asked
from servers.store.idempotency import Key
from tests.contract.seckill.processes import CLOCK, opened_now, processes
from tests.contract.seckill.test_life import members, sound
from tests.servers import Redis


async def test_a_stock_that_is_raised_and_lowered_before_a_crowd_is_sold_to_the_last_unit(
    seckill_url: str, redis_server: Redis, redis_client: RedisClient
) -> None:
    """I1, I2, row 30: the gate hears of each change, and buyers insist."""
    async with processes(seckill_url, redis_server.url, 2) as pair:
        activity = await opened_now(pair[0], 20)
        operators = Operators(pair[1].store, CLOCK, pair[1].gate)
        buying = [
            asyncio.create_task(pair[number % 2].insist(activity, member, 15))
            for number, member in enumerate(members(75))
        ]
        for number, stock in enumerate([40, 25, 70, 50, 75]):
            # Refused if more are taken already.
            with suppress(Refused):
                asked = Asked(
                    Key("an operator", f"{activity.activity_id}-{number}"), "UpdateActivity", bytes(32)
                )
                await operators.operate(asked, activity.activity_id, Update({"stock": stock}), lambda _: b"")
            await asyncio.sleep(0.03)
        assert all(await asyncio.gather(*buying))
        assert sound(seckill_url, activity).held == 75
        assert sum((await pair[0].balanced(activity)).left) == 0
