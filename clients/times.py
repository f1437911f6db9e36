"""Moments and durations as callers hold them, to and from the wire. Both count microseconds."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp_of(moment: datetime | None) -> Timestamp | None:
    """None stays absent. Raises ValueError for a naive datetime: nobody knows which moment it means."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(f"{moment} names no time zone")
    timestamp = Timestamp()
    timestamp.FromDatetime(moment.astimezone(UTC))
    return timestamp


def datetime_of(timestamp: Timestamp) -> datetime:
    """The moment, in UTC."""
    return timestamp.ToDatetime(UTC)


def duration_of(length: timedelta | None) -> Duration | None:
    """None stays absent."""
    if length is None:
        return None
    duration = Duration()
    duration.FromTimedelta(length)
    return duration
