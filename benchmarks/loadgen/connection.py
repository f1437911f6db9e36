"""One HTTP/2 connection to a gRPC server, without its socket: calls in, bytes out, endings back."""

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.loadgen import frames
from benchmarks.loadgen.hpack import MOST_KNOWN, Decoder, Encoder, HeaderError
from benchmarks.loadgen.hpack_table import Field
from benchmarks.loadgen.status import (
    BAD_MESSAGE,
    GOING_AWAY,
    LOST,
    NO_MESSAGE,
    NO_STATUS,
    OK,
    Status,
    reset,
    status_of,
)

MESSAGE_HEAD_BYTES = 5
UNSAID_STREAMS = 100
"""How many calls may be under way at once while the server has not said."""

Ended = Callable[[int, Status, bytes], None]
"""Is told a call's number, how it ended and, if that is OK, its message."""


class _Open(NamedTuple):
    number: int
    body: bytearray


class Connection:
    """Sans I/O. Whoever has the socket sends `outgoing` and hands what comes to `receive`."""

    def __init__(self, ended: Ended) -> None:
        self.outgoing = bytearray(
            frames.PREFACE
            + frames.settings({frames.INITIAL_WINDOW_SIZE: frames.LARGEST_WINDOW, frames.TRUE_BINARY: 1})
            + _window_update(frames.LARGEST_WINDOW - frames.FIRST_WINDOW)
        )
        self.takes_calls = True
        """False once the server said GOAWAY, or the connection is lost."""
        self.greeted = False
        """Whether the server has said its settings."""
        self.unasked = 0
        """Frames for calls that nobody waits for any more: answers that came after their deadline."""
        self._ended = ended
        self._encoder = Encoder()
        self._decoder = Decoder()
        self._statuses: dict[tuple[Field, ...], Status | None] = {}
        self._streams: dict[int, _Open] = {}
        self._stream_of: dict[int, int] = {}
        self._next_stream = 1
        self._most = UNSAID_STREAMS
        self._window = frames.FIRST_WINDOW
        self._read = bytearray()
        self._headers: tuple[int, int, bytes] | None = None
        """Stream, flags and first part of a header block that goes on in CONTINUATION frames."""

    @property
    def under_way(self) -> int:
        """Calls without an ending."""
        return len(self._streams)

    def has_room(self, message: bytes) -> bool:
        """Whether a call may begin now: the server's caps on streams and bytes are kept."""
        enough = len(message) + MESSAGE_HEAD_BYTES <= self._window
        return enough and len(self._streams) < self._most and self.takes_calls

    def call(self, number: int, message: bytes, shared: Sequence[Field], own: Sequence[Field] = ()) -> None:
        """Begins a call, for which there must be room. For `shared` see Encoder.block."""
        stream, block = self._next_stream, self._encoder.block(shared, own)
        size = len(message) + MESSAGE_HEAD_BYTES
        self._next_stream += 2
        self._window -= size
        self._streams[stream] = _Open(number, bytearray())
        self._stream_of[number] = stream
        self.outgoing += b"".join(
            (
                frames.HEAD.pack(
                    len(block) >> 8, len(block) & 0xFF, frames.HEADERS, frames.END_HEADERS, stream
                ),
                block,
                frames.HEAD.pack(size >> 8, size & 0xFF, frames.DATA, frames.END_STREAM, stream),
                _MESSAGE_HEAD.pack(0, len(message)),
                message,
            )
        )

    def cancel(self, number: int, status: Status) -> None:
        """Gives a call up: the server is told, and what still comes of it is dropped."""
        stream = self._stream_of[number]
        self.outgoing += frames.frame(frames.RST_STREAM, 0, stream, struct.pack(">I", frames.CANCEL))
        self._end(stream, status)

    def lose(self, status: Status = LOST) -> None:
        """The connection is gone: so are all calls that wait."""
        self.takes_calls = False
        for stream in list(self._streams):
            self._end(stream, status)

    def receive(self, data: bytes) -> None:
        """Takes what came. Raises ConnectionError if it is no HTTP/2 that this side could have asked for."""
        read = self._read
        read += data
        at, there = 0, len(read)
        while there - at >= frames.HEAD_BYTES:
            high, low, kind, flags, stream = frames.HEAD.unpack_from(read, at)
            end = at + frames.HEAD_BYTES + (high << 8 | low)
            if end > there:
                break
            self._take(kind, flags, stream & frames.LARGEST_WINDOW, bytes(read[at + frames.HEAD_BYTES : end]))
            at = end
        del read[:at]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if self._headers is not None and kind != frames.CONTINUATION:
            raise HeaderError("a header block was interrupted")
        if kind == frames.DATA:
            self._data(flags, stream, payload)
        elif kind in (frames.HEADERS, frames.CONTINUATION):
            self._header_part(kind, flags, stream, payload)
        else:
            self._control(kind, flags, stream, payload)

    def _data(self, flags: int, stream: int, payload: bytes) -> None:
        waiting = self._streams.get(stream)
        if waiting is None:
            self.unasked += 1
            return
        waiting.body.extend(
            frames.unpadded(flags, payload, headers=False) if flags & frames.PADDED else payload
        )
        if flags & frames.END_STREAM:
            self._end(stream, NO_STATUS)

    def _header_part(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == frames.CONTINUATION:
            if self._headers is None or self._headers[0] != stream:
                raise HeaderError("a header block goes on that never began")
            _, first_flags, before = self._headers
            payload = before + payload
            flags |= first_flags & frames.END_STREAM
        elif flags & (frames.PADDED | frames.PRIORITY):
            payload = frames.unpadded(flags, payload, headers=True)
        if not flags & frames.END_HEADERS:
            self._headers = stream, flags, payload
            return
        self._headers = None
        self._heard(stream, payload, last=bool(flags & frames.END_STREAM))

    def _heard(self, stream: int, block: bytes, *, last: bool) -> None:
        fields = self._decoder.fields(block)
        waiting = self._streams.get(stream)
        if waiting is None:
            self.unasked += 1
            return
        status = self._status(fields)
        if last:
            self._end(stream, NO_STATUS if status is None else status)
        elif status is not None and status.code and b"grpc-status" not in dict(fields):
            self._end(stream, status)

    def _status(self, fields: tuple[Field, ...]) -> Status | None:
        if fields in self._statuses:
            return self._statuses[fields]
        if len(self._statuses) >= MOST_KNOWN:
            self._statuses.clear()
        status = self._statuses[fields] = status_of(fields)
        return status

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == frames.WINDOW_UPDATE:
            if stream == 0:
                self._window += int.from_bytes(payload)
        elif kind in (frames.PING, frames.SETTINGS):
            if not flags & frames.ACK:
                if kind == frames.SETTINGS:
                    self._settings(frames.read_settings(payload))
                self.outgoing += frames.frame(kind, frames.ACK, 0, payload if kind == frames.PING else b"")
        elif kind == frames.RST_STREAM:
            if stream in self._streams:
                self._end(stream, reset(int.from_bytes(payload)))
        elif kind == frames.GOAWAY:
            self._going_away(int.from_bytes(payload[:4]) & frames.LARGEST_WINDOW)
        elif kind == frames.PUSH_PROMISE:
            raise ConnectionError("the server pushes what nobody asked for")

    def _settings(self, said: dict[int, int]) -> None:
        self.greeted = True
        self._most = said.get(frames.MAX_CONCURRENT_STREAMS, self._most)
        if said.get(frames.HEADER_TABLE_SIZE, frames.FIRST_WINDOW) < _LEAST_TABLE:
            raise ConnectionError("the server keeps no table of headers, which this client counts on")

    def _going_away(self, last_stream: int) -> None:
        self.takes_calls = False
        for stream in [one for one in self._streams if one > last_stream]:
            self._end(stream, GOING_AWAY)

    def _end(self, stream: int, status: Status) -> None:
        number, body = self._streams.pop(stream)
        del self._stream_of[number]
        if status is not OK:
            self._ended(number, status, b"")
        elif not body:
            self._ended(number, NO_MESSAGE, b"")
        elif body[0] or int.from_bytes(body[1:MESSAGE_HEAD_BYTES]) != len(body) - MESSAGE_HEAD_BYTES:
            self._ended(number, BAD_MESSAGE, b"")
        else:
            self._ended(number, OK, bytes(body[MESSAGE_HEAD_BYTES:]))


_MESSAGE_HEAD = struct.Struct(">BI")
_LEAST_TABLE = 4096


def _window_update(more: int) -> bytes:
    return frames.frame(frames.WINDOW_UPDATE, 0, 0, struct.pack(">I", more))
