"""What a toxic is, and a dose of it on a proxy."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from random import Random
from typing import ClassVar, Self

from tests.toxics.events import Data, Eof, Event


class Stream(StrEnum):
    """Upstream is what the client sends, downstream what the server sends."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass
class Toxic:
    """Passes everything. A kind of toxic overrides what it does otherwise.

    Its fields are its attributes, named as in Toxiproxy's manual. Every link has a copy of its own, which may
    remember what it needs. Raises ValueError for an attribute out of its bounds.
    """

    type: ClassVar[str]
    stream: ClassVar[Stream | None] = None
    """The only stream that it works on, if there is but one."""

    def __post_init__(self) -> None:
        self.random = Random()
        for name, value in self.attributes().items():
            if isinstance(value, int) and value < 0:
                raise ValueError(f"{name} must not be negative")

    def attributes(self) -> dict[str, int | str]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def on_link(self, random: Random) -> Self:
        """A fresh copy for one link."""
        mine = replace(self)
        mine.random = random
        return mine

    def begin(self, now: float) -> Event | None:
        """The end that it sets for the link by coming onto it."""
        return None

    def take(self, event: Event) -> Iterable[Event]:
        """What becomes of one event."""
        if isinstance(event, Data):
            return self.data(event)
        if isinstance(event, Eof):
            return self.eof(event)
        return [event]

    def data(self, piece: Data) -> Iterable[Event]:
        return [piece]

    def eof(self, eof: Eof) -> Iterable[Event]:
        return [eof]

    def hear(self, data: bytes) -> None:
        """What goes to the server just now. Only toxics on the downstream are told."""

    def end(self, now: float) -> Event | None:
        """The end of the link that follows from its removal."""
        return None


@dataclass(frozen=True)
class Dose:
    """A toxic as it was given to a proxy."""

    name: str
    toxic: Toxic
    stream: Stream
    toxicity: float
    """The share of links that it is applied to, from 0 to 1."""

    def __post_init__(self) -> None:
        if not 0 <= self.toxicity <= 1:
            raise ValueError("toxicity must be from 0 to 1")
        if self.toxic.stream not in {None, self.stream}:
            raise ValueError(f"{self.toxic.type} works on the {self.toxic.stream} only")

    def on_link(self, seed: str) -> Toxic | None:
        """A copy for one link, if this link gets one: always the same for the same seed."""
        random = Random(f"{seed}/{self.name}")
        return self.toxic.on_link(random) if random.random() < self.toxicity else None
