"""Instants to and from protobuf, exact to the microsecond."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.instants import EARLIEST, LATEST, SECOND
from servers.mesh.timestamps import instant_of, microseconds_of, set_timestamp, timestamp_of


@given(st.integers(EARLIEST, LATEST))
def test_an_instant_comes_back_as_it_went(instant: int) -> None:
    assert instant_of(timestamp_of(instant)) == instant
    stamp = Timestamp(seconds=7, nanos=7_000)
    set_timestamp(stamp, instant)
    assert stamp == timestamp_of(instant)


@given(st.integers(-100_000 * SECOND, 100_000 * SECOND))
def test_a_duration_of_whole_microseconds_is_exact(microseconds: int) -> None:
    duration = Duration()
    duration.FromMicroseconds(microseconds)
    assert microseconds_of(duration) == microseconds
