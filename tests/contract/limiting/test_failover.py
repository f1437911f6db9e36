"""F-08: Sentinels put a copy in the place of the store, and the copy lacks what was counted last."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from domain.risk.limit import FailureClass
from domain.risk.verbs import Verb
from servers.mesh.limiting.judgement import Charge, Source
from servers.mesh.limiting.limiter import WindowLimiter
from tests.conftest import started
from tests.contract.limiting.replicas import a_charge, eventually_alone, eventually_together, replica
from tests.sentinels import RedisWithSentinels

IMPATIENT = 0.05
UNITS = 60
CUT_SECONDS = 2.0
TRICKLE = 20
"""Calls on each replica while the copy hears nothing."""


@pytest.fixture(params=[True, False], ids=["valkey", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[RedisWithSentinels]:
    yield from started(lambda: RedisWithSentinels(of_wheel=request.param))


async def calls(limiter: WindowLimiter, charge: Charge, number: int, over_seconds: float = 0.0) -> int:
    """How many of them were admitted."""
    count = 0
    for _ in range(number):
        count += (await limiter.decide([charge], 1)).admitted
        await asyncio.sleep(over_seconds / number)
    return count


class Attack:
    """Asks without end, at a limiter that may be in any state; `count` is what it was given."""

    def __init__(self, limiter: WindowLimiter, charge: Charge) -> None:
        self.count = 0
        self._limiter, self._charge = limiter, charge

    async def __aenter__(self) -> "Attack":
        self._job = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._job.cancel()
        await asyncio.wait((self._job,))

    async def _run(self) -> None:
        while True:
            self.count += (await self._limiter.decide([self._charge], 1)).admitted
            await asyncio.sleep(0.002)


async def test_f08_what_the_copy_lacks_is_admitted_once_more_only_if_who_admitted_it_is_dead(
    store: RedisWithSentinels,
) -> None:
    ann = a_charge(UNITS, subject="ann", failure_class=FailureClass.CLOSED)
    bob = a_charge(UNITS, subject="bob", failure_class=FailureClass.CLOSED)
    carl = a_charge(UNITS, subject="carl")
    async with AsyncExitStack() as living, AsyncExitStack() as dying:
        one = await living.enter_async_context(replica(store.url, "one", slow_seconds=IMPATIENT))
        two = await living.enter_async_context(replica(store.url, "two", slow_seconds=IMPATIENT))
        three = await dying.enter_async_context(replica(store.url, "three", slow_seconds=IMPATIENT))
        await asyncio.sleep(0.25)  # until each has heard of the others
        before = await asyncio.gather(*(calls(one, who, 4) for who in (ann, bob, carl)))
        await asyncio.sleep(0.25)  # until a heartbeat vouches for that

        store.cut()
        trickle = await asyncio.gather(
            *(calls(each, who, TRICKLE // 2, CUT_SECONDS) for each in (one, two) for who in (ann, bob, carl)),
            calls(three, bob, TRICKLE // 2, CUT_SECONDS),
        )
        assert trickle == [TRICKLE // 2] * 7
        of_the_dead = trickle[-1]
        store.lose_master()
        await dying.aclose()

        attacks = [
            await living.enter_async_context(Attack(each, who))
            for each in (one, two)
            for who in (ann, bob, carl)
        ]
        await asyncio.gather(eventually_alone(one), eventually_alone(two))
        await asyncio.gather(eventually_together(one), eventually_together(two))
        await asyncio.sleep(0.5)

        reader = await living.enter_async_context(replica(store.url, "reader"))
        seen = [await reader.decide([who], 0, verb=Verb.CHECK) for who in (ann, bob, carl)]
        given = [4 + TRICKLE + sum(one.count for one in attacks[n::3]) for n in range(3)]
        given[1] += of_the_dead
    assert before == [4] * 3
    assert {one.source for one in seen} == {Source.STORE}
    # What was counted just before the copy was cut off is told again: it may count twice.
    assert UNITS - 4 <= given[0] <= UNITS
    assert given[1] <= UNITS + of_the_dead
    assert given[2] <= UNITS + UNITS // 2
