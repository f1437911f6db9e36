"""A crowd at work while a test breaks something, and what must hold afterwards."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from clients import Channel
from tests.faults.books import violations
from tests.faults.crowd import Crowd
from tests.faults.ground import Ground
from tests.faults.service_ground import ServiceGround
from tests.faults.shoppers import shoppers

MEMBERS = 16
_SEEDS = itertools.count(1)


@asynccontextmanager
async def at_work(land: Ground, channel: Channel | None = None) -> AsyncIterator[Crowd]:
    """Members who buy and give back until the block ends; by the ground's own channel, if by no other."""
    crowd = shoppers(MEMBERS, seed=next(_SEEDS))
    work = asyncio.create_task(crowd.work())
    crowd.open(channel or land.channel)
    try:
        yield crowd
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def assert_in_order(land: Ground, crowd: Crowd) -> None:
    """Call it when nobody works."""
    assert crowd.surprises == []
    with land.engine.connect() as connection:
        assert list(violations(connection, crowd.recent())) == []


async def not_heard_once(land: ServiceGround[Any]) -> list[str]:
    """Events that had no effect at the listener, or more than one, in words."""
    service, image = land.service, land.image()
    events = {(row[service.subject], row["seq"]) for row in image[service.facts.name].values()}
    effects = await land.downstream.effects()
    missing = [f"never heard elsewhere: {name}" for name in events - effects.keys()]
    return missing + [f"heard {count} times: {name}" for name, count in effects.items() if count > 1]


async def assert_heard_once(land: Ground) -> None:
    assert await not_heard_once(land) == []


async def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Returns as soon as it holds. Raises TimeoutError if it does not in time."""
    async with asyncio.timeout(seconds):
        for _ in iter(holds, True):
            await asyncio.sleep(0.02)
