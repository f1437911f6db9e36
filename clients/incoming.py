"""What a call that is being served hands to the calls made on its behalf: its deadline and its id.

A server sets it around each handler; outside of a server it is empty.
"""

from contextvars import ContextVar
from typing import Protocol


class Incoming(Protocol):
    """The call in whose handler we are."""

    @property
    def request_id(self) -> str:
        """The id under which the whole chain of calls is found in the logs."""
        ...

    @property
    def deadline(self) -> float:
        """On the event loop's clock, in seconds."""
        ...


INCOMING: ContextVar[Incoming | None] = ContextVar("incoming_call", default=None)
