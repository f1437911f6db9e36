"""A crowd that comes to a sale in parts, while something goes wrong, and goes when all is sold."""

import asyncio
from collections.abc import Sequence

from domain.seckill.activity import Activity
from domain.seckill.orders import Order
from tests.contract.conftest import eventually
from tests.contract.seckill.processes import Process
from tests.contract.seckill.test_life import sound

LONG_SECONDS = 30.0


class Rush:
    """Buyers at both processes, each of whom insists until everything is sold."""

    def __init__(self, pair: Sequence[Process], activity: Activity) -> None:
        self._pair = pair
        self._activity = activity
        self._stock = activity.settings.stock
        self._buying: list[asyncio.Task[Order | None]] = []

    def come(self, count: int) -> None:
        """So many more."""
        for number in range(len(self._buying), len(self._buying) + count):
            buying = self._pair[number % 2].insist(self._activity, f"m{number}", LONG_SECONDS)
            self._buying.append(asyncio.create_task(buying))

    async def orders(self, count: int) -> list[Order]:
        """Of all who got one, when they are as many."""

        async def are_enough() -> bool:
            return len(self._orders()) >= count

        await eventually(are_enough, LONG_SECONDS)
        return self._orders()

    async def end(self, store_url: str) -> None:
        """Returns when all is sold, and it is true: I1, I2, I4, I6. Whoever has nothing then gives up."""
        await self.orders(self._stock)
        for buying in self._buying:
            buying.cancel()
        await asyncio.wait(self._buying)
        told = {order.order_id for order in self._orders()}
        assert {row["order_id"] for row in sound(store_url, self._activity).orders} == told
        assert len(told) == self._stock
        assert sum((await self._pair[0].balanced(self._activity)).left) == 0

    def _orders(self) -> list[Order]:
        ended = (one for one in self._buying if one.done() and not one.cancelled())
        return [order for order in (one.result() for one in ended) if order is not None]
