"""Kills at random moments while a crowd is at work, and the invariants after each restart."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from tests.faults.crowd import Crowd, Memory
from tests.faults.service_ground import ServiceGround
from tests.faults.work import not_heard_once

MEMBERS = 32
LIFE_SECONDS = (0.05, 0.7)
"""How long a server lives under load, at least and at most."""


Judge = Callable[[Connection, Sequence[Memory]], Iterable[str]]
"""What is wrong with the books of these members, in words."""


@dataclass
class Toll:
    """What the kills came to."""

    began: float = field(default_factory=time.monotonic)
    kills: int = 0
    answered: int = 0
    violations: list[str] = field(default_factory=list)


async def killed_under_load(
    ground: ServiceGround[Any], crowd: Crowd, judge: Judge, kills: int, seed: int = 1
) -> Toll:
    """Kill the server that many times, all its jobs running; every other time at a step of its own."""
    chance, toll = random.Random(seed), Toll()
    work = asyncio.create_task(crowd.work())
    try:
        for number in range(kills):
            await _lived_and_killed(ground, crowd, chance, at_a_step=bool(number % 2))
            toll.kills += 1
            with ground.engine.connect() as connection:
                toll.violations += judge(connection, crowd.recent())
            assert not work.done(), work.result()
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    await ground.restart()
    await ground.downstream.drain()
    toll.violations += await not_heard_once(ground)
    toll.violations += [*ground.amiss(), *crowd.surprises]
    toll.answered = crowd.answered
    return toll


async def _lived_and_killed(
    ground: ServiceGround[Any], crowd: Crowd, chance: random.Random, *, at_a_step: bool
) -> None:
    await ground.restart_with_jobs()
    crowd.open(ground.channel)
    await asyncio.sleep(chance.uniform(*LIFE_SECONDS))
    if at_a_step:
        ground.server.die_at("", chance.randint(1, 60))
        await ground.server.death()
    ground.server.kill()
    await crowd.close()
