"""What travels along one way of a link: pieces of data, and ends.

Toxics change events, and do nothing else: they neither wait nor write. So what a toxic does can be tested
without a socket, and a delay is a later `due`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    due: float
    """When it is to happen, in seconds of the event loop's clock. Never before what is ahead of it."""


@dataclass(frozen=True, slots=True)
class Data(Event):
    """A piece for the other side."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Answer(Event):
    """A piece that goes back to whoever sent what caused it."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Eof(Event):
    """The sender will send no more. The other way stays open."""


@dataclass(frozen=True, slots=True)
class Close(Event):
    """Both ways end, after what was written."""


@dataclass(frozen=True, slots=True)
class Reset(Event):
    """Both ways end at once: the peers see ECONNRESET."""
