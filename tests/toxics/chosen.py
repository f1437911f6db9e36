"""Toxics of our own, which act on one chosen request or its reply and leave the rest alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Self

from tests.toxics.dialogue import Dialogue
from tests.toxics.events import Answer, Data, Event, Reset
from tests.toxics.mysql import MySqlDialogue
from tests.toxics.resp import RedisDialogue
from tests.toxics.toxic import Stream, Toxic

ALWAYS = 0
"""As many `times` as it is asked."""

DIALOGUES: dict[str, Callable[[], Dialogue]] = {"mysql": MySqlDialogue, "redis": RedisDialogue}


class Budget:
    """How often it may still happen, on all links together."""

    def __init__(self, times: int) -> None:
        self._left = times or None

    def take(self) -> bool:
        if self._left is None:
            return True
        if self._left == 0:
            return False
        self._left -= 1
        return True


@dataclass
class Chosen(Toxic):
    """Chooses requests of `protocol` (mysql, redis) that begin with the words of `command`, in any case.

    It does so `times` times, on whichever link; at 0, ALWAYS, every time.
    """

    protocol: str = "mysql"
    command: str = ""
    times: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.protocol not in DIALOGUES:
            raise ValueError(f"protocol must be one of {', '.join(DIALOGUES)}")
        if not self.command.split():
            raise ValueError("command must name one")
        self.dialogue = DIALOGUES[self.protocol]()
        self._words = self.command.upper().split()
        self._budget = Budget(self.times)

    def on_link(self, random: Random) -> Self:
        mine = super().on_link(random)
        mine._budget = self._budget
        return mine

    def chooses(self, text: str | None) -> bool:
        """Takes one time from the budget if it does."""
        words = (text or "").upper().split(maxsplit=len(self._words))
        return words[: len(self._words)] == self._words and self._budget.take()


@dataclass
class DropReply(Chosen):
    """The request is done, and its reply lost: the connection is reset, or with `mute` says nothing more."""

    type = "drop_reply"
    stream = Stream.DOWNSTREAM
    mute: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._over = False

    def hear(self, data: bytes) -> None:
        self.dialogue.requests(data)

    def data(self, piece: Data) -> Iterator[Event]:
        for reply in self.dialogue.replies(piece.data):
            if not self._over and self.chooses(reply.to):
                self._over = True
                if not self.mute:
                    yield Reset(piece.due)
            if not self._over:
                yield Data(piece.due, reply.raw)


@dataclass
class DropRequest(Chosen):
    """The request never arrives: the connection is reset, or with `mute` carries no more requests."""

    type = "drop_request"
    stream = Stream.UPSTREAM
    mute: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._over = False

    def data(self, piece: Data) -> Iterator[Event]:
        for request in self.dialogue.requests(piece.data):
            if not self._over and self.chooses(request.text):
                self._over = True
                if not self.mute:
                    yield Reset(piece.due)
            if not self._over:
                yield Data(piece.due, request.raw)


@dataclass
class ForgeError(Chosen):
    """The request never arrives, and is answered with `error`, such as `1180 Disk full` or `LOADING wait`.

    Not for a request inside a pipeline: the answer would overtake replies that are on their way.
    """

    type = "forge_error"
    stream = Stream.UPSTREAM
    error: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._answer = self.dialogue.error(self.error)

    def data(self, piece: Data) -> Iterator[Event]:
        for request in self.dialogue.requests(piece.data):
            if self.chooses(request.text):
                yield Answer(piece.due, self._answer)
            else:
                yield Data(piece.due, request.raw)
