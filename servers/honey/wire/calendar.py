"""Durations, windows and dates of the calendar on the wire."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from domain.honey.windows import Window
from domain.shared.instants import LATEST, Instant, Period, Unit
from nectary.honey.v1 import calendar_pb2 as pb
from servers.honey.wire.values import optional_timestamp
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import instant_of

UNITS = Names(Unit, pb.PeriodUnit)
WINDOWS = Names(Window, pb.Window)


def period(own: Period) -> pb.Period:
    return pb.Period(count=own.count, unit=UNITS.wire(own.unit))


def own_period(message: pb.Period) -> Period:
    return Period(message.count, UNITS.own(message.unit))


def optional_period(own: Period | None) -> pb.Period | None:
    return None if own is None else period(own)


def own_optional_period(message: Any, field: str) -> Period | None:
    """A period of a message; None if it is absent."""
    return own_period(getattr(message, field)) if message.HasField(field) else None


def start(own: Instant) -> Timestamp | None:
    """From when on; absent: always was."""
    return optional_timestamp(own or None)


def end(own: Instant) -> Timestamp | None:
    """Until when; absent: always will be."""
    return optional_timestamp(None if own == LATEST else own)


def own_end(message: Any, field: str) -> Instant:
    return instant_of(getattr(message, field)) if message.HasField(field) else LATEST
