"""What a client asks and a server answers, found in the bytes of a connection."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    raw: bytes
    text: str | None
    """The statement or command with its arguments; None for what is neither, such as a login."""


@dataclass(frozen=True, slots=True)
class Reply:
    raw: bytes
    to: str | None
    """The text of the request that it answers; None if that was not heard, or if nobody asked."""


class Dialogue(Protocol):
    """One connection, listened to from a moment on when nothing was on its way."""

    def requests(self, data: bytes) -> list[Request]:
        """The requests that are complete with these bytes."""

    def replies(self, data: bytes) -> list[Reply]:
        """The replies, or parts of replies, that are known with these bytes."""

    @staticmethod
    def error(text: str) -> bytes:
        """A server's reply that refuses. Raises ValueError for a text that cannot be one."""
