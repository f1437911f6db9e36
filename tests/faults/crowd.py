"""Members at work without rest, who remember every answer that they got."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from clients import Channel, DeadlineExceeded, NectaryError, Raced, Unavailable
from tests.faults.stories import Call, send

T = TypeVar("T")

MOST_ERRANDS = 4
"""After that somebody else takes the place, so that timelines stay as short as people's."""
PAUSE_SECONDS = 0.01


@dataclass
class Memory:
    """What one member was told: it must be true for ever."""

    member_id: str
    answers: dict[str, bytes] = field(default_factory=dict)
    """By request id."""


class Crowd:
    """A fixed number of members at work at once, whenever the gate is open."""

    def __init__(self, errand: "Errand", size: int, seed: int, *, enough: str) -> None:
        """`enough` is the reason of the one refusal that they meet."""
        self._errand = errand
        self._size = size
        self._enough = enough
        self.chance = random.Random(seed)
        self._numbers = itertools.count(1)
        self._gate = asyncio.Event()
        self._channel: Channel | None = None
        self._waiting = 0
        self._recent: list[Memory] = []
        self.answered = 0
        self.met: Counter[str] = Counter()
        """Codes of the errors after which they tried again."""
        self.surprises: list[str] = []
        """Refusals and errors that no kill explains."""

    def open(self, channel: Channel) -> None:
        """Let them work with the server behind this channel."""
        self._channel = channel
        self._gate.set()

    async def close(self) -> None:
        """Returns when everybody waits: call it with the server dead."""
        self._gate.clear()
        for _ in iter(lambda: self._waiting == self._size, True):
            await asyncio.sleep(0.001)

    def recent(self) -> list[Memory]:
        """Who was at work since the last time this was asked."""
        recent, self._recent = self._recent, self._recent[-self._size :]
        return recent

    async def work(self) -> None:
        """For ever."""
        await asyncio.gather(*(self._place() for _ in range(self._size)))

    async def _place(self) -> None:
        while True:
            memory = Memory(f"crowd-{next(self._numbers)}")
            self._recent.append(memory)
            for _ in range(self.chance.randint(1, MOST_ERRANDS)):
                await self._errand(self, memory)

    async def ask(self, memory: Memory, call: Call) -> bytes | None:
        """The answer, which is remembered; None if it is refused."""
        answer = await self.insist(lambda channel: send(channel, call))
        if answer is not None:
            memory.answers[call.request.request_id] = answer
            self.answered += 1
        return answer

    async def insist(self, ask: Callable[[Channel], Awaitable[T]]) -> T | None:
        """The same request again and again, until it is answered; None if it is refused."""
        while True:
            channel = await self._admitted()
            try:
                return await ask(channel)
            except (Unavailable, DeadlineExceeded, Raced) as error:
                self.met[error.code.name] += 1
                await asyncio.sleep(PAUSE_SECONDS)
            except NectaryError as error:
                if error.reason != self._enough:
                    self.surprises.append(str(error))
                return None

    async def _admitted(self) -> Channel:
        self._waiting += 1
        await self._gate.wait()
        self._waiting -= 1
        assert self._channel is not None, "given when the gate was opened"
        return self._channel


Errand = Callable[[Crowd, Memory], Awaitable[None]]
"""What a member does next."""
