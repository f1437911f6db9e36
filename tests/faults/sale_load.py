"""Buyers without rest while their server is killed at random, and the invariants after each restart."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import TypeVar

from benchmarks.checking.said import OK, Found, Log, Said
from clients import DeadlineExceeded, NectaryError, Raced, Unavailable
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.faults.sale_ground import PRICE, SaleGround

T = TypeVar("T")

BUYERS = 32
LIFE_SECONDS = (0.1, 0.6)
"""How long a server lives under load, at least and at most."""
SHARE_OF_CANCELLED = 0.5
PAUSE_SECONDS = 0.01
DEADLINE_SECONDS = 30.0
"""Longer than any client of these waits: that a server died says nothing of I7."""


@dataclass
class SaleToll:
    """What the kills came to."""

    kills: int = 0
    answered: int = 0
    violations: list[str] = field(default_factory=list)


class Buyers:
    """A fixed number of them: each reserves, and then pays or cancels, as a new member each time."""

    def __init__(self, land: SaleGround, activity_id: str, seed: int) -> None:
        self._land = land
        self._activity_id = activity_id
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._gate = asyncio.Event()
        self._waiting = 0
        self.said: list[Said] = []
        """Every answer, for the checker."""
        self.surprises: list[str] = []

    def open(self) -> None:
        self._gate.set()

    async def close(self) -> None:
        """Returns when everybody waits: call it with the server dead."""
        self._gate.clear()
        for _ in iter(lambda: self._waiting == BUYERS, True):
            await asyncio.sleep(0.001)

    async def work(self) -> None:
        """For ever."""
        await asyncio.gather(*(self._place() for _ in range(BUYERS)))

    async def found(self) -> list[Found]:
        """What GetResult says of those who never had an answer."""
        answered = {said.key for said in self.said if said.code == OK}
        unknown = {said.key for said in self.said} - answered
        return [await self._found(*key) for key in unknown]

    async def _found(self, activity_id: str, member: str, request_id: str) -> Found:
        result = await self._land.client.get_result(activity_id, member, request_id)
        state = pb.ResultState.Name(result.state).removeprefix("RESULT_STATE_")
        return Found(activity_id, member, request_id, state, result.order.order_id)

    async def _place(self) -> None:
        while True:
            member = f"buyer-{next(self._numbers)}"
            order_id = await self._insist(partial(self._reserve, member))
            end = self._cancel if self._random.random() < SHARE_OF_CANCELLED else self._pay
            await self._insist(partial(end, order_id))

    async def _reserve(self, member: str) -> str:
        client, request_id, sent = self._land.client, f"r-{member}", time.time()
        saying = partial(
            Said, self._activity_id, member, request_id, 1, sent, deadline_seconds=DEADLINE_SECONDS
        )
        try:
            found = await client.reserve_unit(self._activity_id, member, request_id=request_id)
        except NectaryError as error:
            self.said.append(saying(ended=time.time(), code=error.code.value[0], reason=error.reason))
            raise
        digest = sha256(found.SerializeToString(deterministic=True)).hexdigest()
        self.said.append(saying(ended=time.time(), code=OK, reason="", order=found.order_id, answer=digest))
        return found.order_id

    async def _cancel(self, order_id: str) -> str:
        return (await self._land.client.cancel_order(order_id, request_id=f"cancel-{order_id}")).order_id

    async def _pay(self, order_id: str) -> str:
        paid = await self._land.client.confirm_payment(
            order_id, payment_id=f"pay-{order_id}", amount=PRICE, request_id=f"confirm-{order_id}"
        )
        return paid.order.order_id

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The same request again and again, until it is answered."""
        while (answer := await self._once(ask)) is None:
            pass
        return answer

    async def _once(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """One try, when the server is there; None if it has to be tried again."""
        self._waiting += 1
        await self._gate.wait()
        self._waiting -= 1
        try:
            return await ask()
        except NectaryError as error:
            if not isinstance(error, Unavailable | DeadlineExceeded | Raced):
                self.surprises.append(str(error))
        await asyncio.sleep(PAUSE_SECONDS)
        return None


async def sale_killed_under_load(
    land: SaleGround, kills: int, stock: int = 100_000, seed: int = 1
) -> SaleToll:
    """Kill the server that many times, all its jobs running; every other time at a step of its own."""
    chance, toll = random.Random(seed), SaleToll()
    activity_id = await land.opened(stock)
    buyers = Buyers(land, activity_id, seed)
    work = asyncio.create_task(buyers.work())
    try:
        for number in range(kills):
            await land.restart(jobs=True)
            toll.violations += await land.amiss(activity_id)
            buyers.open()
            await asyncio.sleep(chance.uniform(*LIFE_SECONDS))
            if number % 2:
                land.server.die_at("", chance.randint(1, 80))
                await land.server.death()
            land.server.kill()
            await buyers.close()
            toll.kills += 1
            assert not work.done(), work.result()
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    await land.restart(jobs=True)
    toll.violations += await land.amiss(activity_id)
    toll.violations += land.judged(activity_id, Log(buyers.said, await buyers.found()))
    toll.violations += buyers.surprises
    toll.answered = sum(said.code == OK for said in buyers.said)
    return toll
