"""A member whose order the database will not take, in the middle of a crowd, through gate and commit."""

import asyncio

from redis.asyncio import Redis as RedisClient
from sqlalchemy import text

from domain.seckill.orders import Order
from servers.store.store import Store
from tests.contract.seckill.processes import opened_now, processes
from tests.contract.seckill.test_life import members, sound
from tests.servers import Redis

POISON = "m17"
TRIGGERS = {
    "sqlite": f"CREATE TRIGGER poison BEFORE INSERT ON seckill_order WHEN NEW.member_id = '{POISON}' "
    "BEGIN SELECT RAISE(ABORT, 'poison'); END",
    "mysql": "CREATE TRIGGER poison BEFORE INSERT ON seckill_order FOR EACH ROW "
    f"IF NEW.member_id = '{POISON}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF",
}


async def poisoned(store: Store, engine: str) -> None:
    await store.transact(lambda connection: connection.execute(text(TRIGGERS[engine])))


async def test_an_order_that_always_fails_costs_nobody_else_anything(seckill_url: str, valkey: Redis) -> None:
    """I2, I6, I7, rows 12 and 13: the other 63 buy at once, its unit is sold, and the sale goes on."""
    async with RedisClient.from_url(valkey.url) as client:
        await client.flushall()
    async with processes(seckill_url, valkey.url, 2) as pair:
        activity = await opened_now(pair[0], 64)
        await poisoned(pair[0].store, seckill_url.partition(":")[0])
        asked = (pair[0].reserve(activity, member) for member in members(64))
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [place for place, one in enumerate(outcomes) if not isinstance(one, Order)] == [17]
        assert await pair[1].insist(activity, "late", 5), "nobody took the sale for sold out"
        assert sound(seckill_url, activity).held == 64
        assert sum((await pair[0].balanced(activity)).left) == 0
