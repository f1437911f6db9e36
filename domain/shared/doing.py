"""Who does something, by which request, when, and why: what every command is accompanied by."""

from dataclasses import dataclass

from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Doing:
    """Of one command."""

    actor: str
    request_id: str
    now: Instant
    reason: str = ""
    """In words, for the record; empty if nobody said."""
