"""One call, killed at one step, and everything that must hold afterwards (F-01)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from clients import NectaryError
from tests.faults.image import Growth, Image, growth
from tests.faults.kill_points import COMMITTED, is_in_doubt
from tests.faults.service_ground import ServiceGround
from tests.faults.stories import Call, send
from tests.faults.work import not_heard_once

C = TypeVar("C")

NEVER_REACHED = 10_000


class Fate(Enum):
    """What had become of a call when its server was up again."""

    NEVER = "never happened"
    ONCE = "happened once"
    BROKEN = "HALF DONE"


@dataclass
class Round:
    """How one kill went."""

    step: str
    """At which the process died."""
    fate: Fate
    violations: list[str] = field(default_factory=list)
    point: str = ""
    """Of a sale: which of `crash_points` it was."""

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.violations.append(f"killed at [{self.step}]: {what}")


class StoryRounds(Generic[C]):
    """Kills one story at its steps."""

    def __init__(self, ground: ServiceGround[C], prepare: Callable[[C, str], Awaitable[Call]]) -> None:
        self._ground = ground
        self._prepare = prepare
        self._first_step = f"^SQL .*FROM {ground.service.name}_idempotency"
        """With which every write begins."""
        self._once = Growth()

    async def every_step(self) -> AsyncIterator[Round]:
        """Step 1, 2, 3 ... until one run passes unharmed."""
        steps = await self.unharmed()
        for number in range(1, len(steps) + 1):
            yield await self.killed_at(number)
        assert await self.unharmed() == steps, "the steps of a call are always the same"

    async def unharmed(self) -> list[str]:
        """Run it to its end and learn from it what happening once looks like; its steps."""
        ground = self._ground
        call, before = await self._prepared()
        ground.server.die_at(self._first_step, NEVER_REACHED)
        await _sent(ground, call)
        steps = ground.server.steps()
        await ground.restart()
        self._once = growth(before, ground.image())
        return steps

    async def killed_at(self, number: int) -> Round:
        """`unharmed` has run before."""
        ground = self._ground
        call, before = await self._prepared()
        ground.server.die_at(self._first_step, number)
        await _sent(ground, call)
        await ground.server.death()
        steps = ground.server.steps()
        step = steps[-1]
        await ground.restart()
        await ground.downstream.drain()
        found = ground.image()
        result = Round(step, self._fate(before, found))
        result.expect(result.fate is not Fate.BROKEN, f"left {growth(before, found)}")
        if not is_in_doubt(steps):
            result.expect((result.fate is Fate.ONCE) == (step == COMMITTED), f"the call {result.fate.value}")
        await self._retry(result, call, before, found)
        return result

    async def _retry(self, result: Round, call: Call, before: Image, found: Image) -> None:
        ground = self._ground
        first = await _sent(ground, call)
        mended = ground.image()
        result.expect(growth(before, mended) == self._once, f"a retry gave {growth(before, mended)}")
        result.expect(result.fate is not Fate.ONCE or mended == found, "a retry wrote something")
        second = await _sent(ground, call)
        result.expect(first == second, f"a retry answers {second!r} and not {first!r}")
        result.expect(ground.image() == mended, "a second retry wrote something")
        await self._heard(result, mended)

    async def _heard(self, result: Round, image: Image) -> None:
        """Every event of everybody: without a gap, and with its effect exactly once elsewhere."""
        await self._ground.downstream.drain()
        service = self._ground.service
        amiss = await not_heard_once(self._ground)
        result.expect(not amiss, "; ".join(amiss[:3]))
        events = {(row[service.subject], row["seq"]) for row in image[service.facts.name].values()}
        last = {row[service.subject]: row["version"] for row in image[service.heads.name].values()}
        gapless = {
            (subject, seq) for subject, version in last.items() for seq in range(1, int(str(version)) + 1)
        }
        result.expect(events == gapless, f"events have a gap: {events ^ gapless}")
        result.violations += self._ground.amiss()

    async def _prepared(self) -> tuple[Call, Image]:
        call = await self._prepare(self._ground.client, self._ground.new_member())
        return call, self._ground.image()

    def _fate(self, before: Image, found: Image) -> Fate:
        if found == before:
            return Fate.NEVER
        return Fate.ONCE if growth(before, found) == self._once else Fate.BROKEN


async def _sent(ground: ServiceGround[Any], call: Call) -> object:
    """The answer's bytes; of a refusal or a broken connection, everything that the caller is told."""
    try:
        return await send(ground.channel, call)
    except NectaryError as error:
        return (error.code, error.message, error.reason, dict(error.metadata), error.violations)
