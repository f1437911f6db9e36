"""One event: a thing that happened to one subject, as services tell each other."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from redis.typing import EncodableT

from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Event:
    """Delivered at least once and, for one subject, in the order of `seq`; `event_id` finds repeats."""

    event_id: str
    """Unique for ever; at most 36 characters. The bounds of all fields are in `tables`."""
    type: str
    """Such as `TermPlaced`."""
    version: int
    """Of the payload's shape."""
    subject: str
    """Whom or what it happened to: a member id."""
    seq: int
    """1, 2, 3 ... within the subject."""
    effective_time: Instant
    """When it counts from."""
    recorded_time: Instant
    """When we came to know."""
    causation_id: str
    """The request or event that caused it."""
    correlation_id: str
    """What ties together everything that followed from one beginning."""
    actor: str
    """Who did it."""
    payload: bytes

    def to_row(self) -> dict[str, str | int | bytes]:
        """As columns of `tables`."""
        return {name: getattr(self, name) for name in NAMES}

    def to_fields(self) -> dict[EncodableT, EncodableT]:
        """As an entry of a Redis Stream."""
        return {name: getattr(self, name) for name in NAMES}

    @classmethod
    def from_fields(cls, entry: Mapping[bytes, bytes]) -> "Event":
        """Back again. Raises ValueError if the entry is no event."""
        try:
            return cls(
                event_id=entry[b"event_id"].decode(),
                type=entry[b"type"].decode(),
                version=int(entry[b"version"]),
                subject=entry[b"subject"].decode(),
                seq=int(entry[b"seq"]),
                effective_time=int(entry[b"effective_time"]),
                recorded_time=int(entry[b"recorded_time"]),
                causation_id=entry[b"causation_id"].decode(),
                correlation_id=entry[b"correlation_id"].decode(),
                actor=entry[b"actor"].decode(),
                payload=entry[b"payload"],
            )
        except KeyError as error:
            raise ValueError(f"the entry has no {error.args[0]!r}") from error


NAMES = tuple(each.name for each in fields(Event))
"""The fields, which are also the columns of `tables`."""
