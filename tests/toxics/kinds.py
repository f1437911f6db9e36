"""The toxics of Toxiproxy, with its names, units and meanings."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.toxics.events import Close, Data, Eof, Event, Reset
from tests.toxics.toxic import Toxic

MS = 1e-3
US = 1e-6
BANDWIDTH_SLICE_MS = 100
"""Data is sent this often while the rate is less than what there is to send."""


@dataclass
class Latency(Toxic):
    """Delays each piece by `latency` milliseconds, give or take up to `jitter`. Order is kept."""

    type = "latency"
    latency: int = 0
    jitter: int = 0

    def data(self, piece: Data) -> Iterator[Event]:
        delay_ms = self.latency + self.random.uniform(-self.jitter, self.jitter)
        yield replace(piece, due=piece.due + max(0.0, delay_ms) * MS)


@dataclass
class Bandwidth(Toxic):
    """Passes at most `rate` kilobytes (of 1,000 bytes) a second; at 0 nothing, until it is removed."""

    type = "bandwidth"
    rate: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._free = 0.0

    def data(self, piece: Data) -> Iterator[Event]:
        if self.rate == 0:
            yield replace(piece, due=math.inf)
            return
        size = self.rate * BANDWIDTH_SLICE_MS
        self._free = max(self._free, piece.due)
        for start in range(0, len(piece.data), size):
            part = piece.data[start : start + size]
            self._free += len(part) / self.rate * MS
            yield Data(self._free, part)


@dataclass
class SlowClose(Toxic):
    """Delays the end of the stream by `delay` milliseconds."""

    type = "slow_close"
    delay: int = 0

    def eof(self, eof: Eof) -> Iterator[Event]:
        yield Eof(eof.due + self.delay * MS)


@dataclass
class Timeout(Toxic):
    """Drops all data, and closes the connection after `timeout` milliseconds; at 0 it stays open, mute.

    Removing it closes the connections that it was on, for their data is lost.
    """

    type = "timeout"
    timeout: int = 0

    def begin(self, now: float) -> Event | None:
        return Close(now + self.timeout * MS) if self.timeout else None

    def data(self, piece: Data) -> Iterator[Event]:
        yield from ()

    def end(self, now: float) -> Event | None:
        return Close(now)


@dataclass
class ResetPeer(Toxic):
    """Resets the connection `timeout` milliseconds after the next piece of data, which is lost."""

    type = "reset_peer"
    timeout: int = 0

    def data(self, piece: Data) -> Iterator[Event]:
        yield Reset(piece.due + self.timeout * MS)

    def eof(self, eof: Eof) -> Iterator[Event]:
        yield Reset(eof.due + self.timeout * MS)


@dataclass
class Slicer(Toxic):
    """Slices data into `average_size` bytes, give or take `size_variation`, `delay` microseconds apart."""

    type = "slicer"
    average_size: int = 0
    size_variation: int = 0
    delay: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size_variation >= self.average_size:
            raise ValueError("size_variation must be less than average_size")
        self._free = 0.0

    def data(self, piece: Data) -> Iterator[Event]:
        self._free = max(self._free, piece.due)
        start = 0
        while start < len(piece.data):
            size = self.average_size + self.random.randint(-self.size_variation, self.size_variation)
            yield Data(self._free, piece.data[start : start + size])
            self._free += self.delay * US
            start += size


@dataclass
class LimitData(Toxic):
    """Closes the connection once `bytes` bytes have passed. What is beyond them is lost."""

    type = "limit_data"
    bytes: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._left = self.bytes

    def data(self, piece: Data) -> Iterator[Event]:
        passing = piece.data[: self._left]
        self._left -= len(passing)
        if passing:
            yield replace(piece, data=passing)
        if not self._left:
            yield Close(piece.due)
