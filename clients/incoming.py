"""What a call that is being served hands to the calls made on its behalf: its deadline and its id.

A server sets it around each handler; outside of a server it is empty.
"""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incoming:
    """The call in whose handler we are."""

    request_id: str
    deadline: float
    """On the event loop's clock, in seconds."""


INCOMING: ContextVar[Incoming | None] = ContextVar("incoming_call", default=None)
