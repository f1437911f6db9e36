"""A gRPC client of next to no cost: HTTP/2 frames by hand, for load alone.

It shares two cores with the server that it measures. A real client takes as much time for a call as the
server does, so that most calls "in flight" would wait in the client; here they wait where they belong.
What is not needed for unary calls to a gRPC server is left out: an unexpected frame ends the run.
"""

import asyncio
import struct
from collections.abc import Iterator
from typing import cast

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0x0, 0x1, 0x4, 0x6, 0x8
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
INITIAL_WINDOW_SIZE = 0x4
LARGEST_WINDOW = 2**31 - 1
FIRST_WINDOW = 65_535
_HEAD = struct.Struct(">HBBBI")
HEAD_BYTES = 9
MESSAGE_HEAD_BYTES = 5

Numbered = Iterator[tuple[int, bytes]]
"""Requests with their places in the answers."""


class Connection(asyncio.Protocol):
    """Sends requests, `in_flight` at any time, until none is left; then `done`."""

    def __init__(
        self, path: str, requests: Numbered, answers: list[bytes], in_flight: int, *, refused: bool = False
    ) -> None:
        """`refused`: that all calls are refused is what is measured; then all answers are empty."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._header = _header_block(path)
        self._requests = requests
        self._answers = answers
        self._in_flight = in_flight
        self._refused = refused
        self._window = FIRST_WINDOW
        self._next_stream = 1
        self._open: dict[int, tuple[int, bytearray]] = {}
        """By stream: the request's number, and what came of its answer."""
        self._waiting: tuple[int, bytes] | None = None
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        settings = struct.pack(">HI", INITIAL_WINDOW_SIZE, LARGEST_WINDOW)
        more = struct.pack(">I", LARGEST_WINDOW - FIRST_WINDOW)
        self._transport.write(PREFACE + _frame(SETTINGS, 0, 0, settings) + _frame(WINDOW_UPDATE, 0, 0, more))

    def start(self) -> None:
        """Send the first requests."""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._read += data
        at = 0
        try:
            while len(self._read) - at >= HEAD_BYTES:
                high, low, kind, flags, stream = _HEAD.unpack_from(self._read, at)
                end = at + HEAD_BYTES + (high << 8 | low)
                if end > len(self._read):
                    break
                self._take(kind, flags, stream, bytes(self._read[at + HEAD_BYTES : end]))
                at = end
        except ConnectionError as error:
            self.connection_lost(error)
            return
        del self._read[:at]
        self._send()

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == DATA:
            self._open[stream][1].extend(payload)
        elif kind == HEADERS:
            if flags & END_STREAM:
                self._finish(stream)
        elif kind == WINDOW_UPDATE:
            if stream == 0:
                self._window += int.from_bytes(payload)
        elif kind in (PING, SETTINGS):
            if not flags & ACK:
                self._transport.write(_frame(kind, ACK, 0, payload if kind == PING else b""))
        else:
            raise ConnectionError(f"an unexpected HTTP/2 frame of kind {kind}")

    def _finish(self, stream: int) -> None:
        number, body = self._open.pop(stream)
        if bool(body) is self._refused:
            raise ConnectionError("a call was refused that should not be, or was not that should be")
        self._answers[number] = bytes(body[MESSAGE_HEAD_BYTES:])

    def _send(self) -> None:
        frames = []
        while len(self._open) < self._in_flight:
            entry = self._waiting or next(self._requests, None)
            self._waiting = None
            if entry is None:
                break
            number, request = entry
            message = struct.pack(">BI", 0, len(request)) + request
            if len(message) > self._window:
                self._waiting = entry
                break
            self._window -= len(message)
            frames += [
                _frame(HEADERS, END_HEADERS, self._next_stream, self._header),
                _frame(DATA, END_STREAM, self._next_stream, message),
            ]
            self._open[self._next_stream] = number, bytearray()
            self._next_stream += 2
        if frames:
            self._transport.write(b"".join(frames))
        elif not self._open and self._waiting is None and not self.done.done():
            self.done.set_result(None)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return _HEAD.pack(len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream) + payload


def _header_block(path: str) -> bytes:
    """The headers of a call in HPACK, without its table of earlier ones. Every call is the same."""
    by_index = b"\x83\x86"  # :method POST, :scheme http
    named = b"\x04" + _text(path) + b"\x01" + _text("benchmark") + b"\x0f\x10" + _text("application/grpc")
    literal = b"".join(b"\x00" + _text(name) + _text(value) for name, value in _LITERAL)
    return by_index + named + literal


_LITERAL = (("te", "trailers"), ("grpc-timeout", "2S"))


def _text(value: str) -> bytes:
    raw = value.encode()
    return bytes([len(raw)]) + raw
