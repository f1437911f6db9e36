"""Instants to and from protobuf. Both count whole microseconds here; validation refuses anything finer."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from domain.shared.instants import SECOND, Instant


def timestamp_of(instant: Instant) -> Timestamp:
    seconds, microseconds = divmod(instant, SECOND)
    return Timestamp(seconds=seconds, nanos=microseconds * 1000)


def set_timestamp(timestamp: Timestamp, instant: Instant) -> None:
    """Sets a field of a message where it stands, which costs half of making one and copying it there."""
    timestamp.seconds, microseconds = divmod(instant, SECOND)
    timestamp.nanos = microseconds * 1000


def instant_of(timestamp: Timestamp) -> Instant:
    return timestamp.seconds * SECOND + timestamp.nanos // 1000


def microseconds_of(duration: Duration) -> int:
    # int() rounds towards zero, as the sign of `nanos` follows that of `seconds`.
    return duration.seconds * SECOND + int(duration.nanos / 1000)


def duration_of(microseconds: int) -> Duration:
    seconds, rest = divmod(microseconds, SECOND)
    return Duration(seconds=seconds, nanos=rest * 1000)
