"""A connection of the load generator, frame by frame: what counts as an answer, and what never does."""

import struct

import hpack
import pytest
from google.rpc import error_details_pb2, status_pb2

from benchmarks.loadgen import frames
from benchmarks.loadgen.connection import Connection
from benchmarks.loadgen.hpack import HeaderError
from benchmarks.loadgen.status import (
    BAD_MESSAGE,
    DEADLINE,
    GOING_AWAY,
    LOST,
    NO_MESSAGE,
    NO_STATUS,
    OK,
    Status,
)

SHARED = ((b":method", b"POST"), (b":path", b"/a.B/C"), (b"content-type", b"application/grpc"))
BEGIN = [(b":status", b"200"), (b"content-type", b"application/grpc")]
GOOD = [(b"grpc-status", b"0")]


class Server:
    """The other side, which says whatever a test wants."""

    def __init__(self) -> None:
        self.ended: dict[int, tuple[Status, bytes]] = {}
        self.connection = Connection(self._end)
        self.heard = bytearray()
        self._encoder = hpack.Encoder()

    def call(self, *numbers: int) -> None:
        for number in numbers:
            assert self.connection.has_room(b"hello")
            self.connection.call(number, b"hello", SHARED)

    def headers(self, stream: int, fields: list[tuple[bytes, bytes]], *, last: bool = False) -> bytes:
        block = self._encoder.encode(fields, huffman=False)
        flags = frames.END_HEADERS | (frames.END_STREAM if last else 0)
        return frames.frame(frames.HEADERS, flags, stream, block)

    def answer(self, stream: int, message: bytes) -> bytes:
        begin = self.headers(stream, BEGIN) + data(stream, message)
        return begin + self.headers(stream, GOOD, last=True)

    def say(self, said: bytes) -> None:
        self.connection.receive(said)

    def _end(self, number: int, status: Status, message: bytes) -> None:
        assert number not in self.ended, "a call ends once"
        self.ended[number] = status, message


@pytest.fixture
def server() -> Server:
    return Server()


def data(stream: int, message: bytes, *, flags: int = 0) -> bytes:
    return frames.frame(frames.DATA, flags, stream, struct.pack(">BI", 0, len(message)) + message)


def test_an_answer_has_its_message(server: Server) -> None:
    server.call(7, 8)
    server.say(server.answer(3, b"second") + server.answer(1, b"first"))
    assert server.ended == {7: (OK, b"first"), 8: (OK, b"second")}


def test_an_answer_may_come_byte_by_byte(server: Server) -> None:
    server.call(1)
    for byte in server.answer(1, b"x" * 300):
        server.say(bytes([byte]))
    assert server.ended == {1: (OK, b"x" * 300)}


def test_a_message_may_come_in_several_frames_with_padding(server: Server) -> None:
    server.call(1)
    body = struct.pack(">BI", 0, 6) + b"abcdef"
    parts = frames.frame(frames.DATA, 0, 1, body[:3]) + frames.frame(
        frames.DATA, frames.PADDED, 1, b"\x02" + body[3:] + b"\0\0"
    )
    server.say(server.headers(1, BEGIN) + parts + server.headers(1, GOOD, last=True))
    assert server.ended == {1: (OK, b"abcdef")}


def test_a_status_in_the_trailers_is_an_error_even_after_a_message(server: Server) -> None:
    server.call(1)
    server.say(
        server.headers(1, BEGIN) + data(1, b"hm") + server.headers(1, [(b"grpc-status", b"13")], last=True)
    )
    assert server.ended == {1: (Status(13, ""), b"")}


def test_a_status_without_anything_before_it_is_an_error_with_its_reason(server: Server) -> None:
    details = status_pb2.Status(code=8)
    details.details.add().Pack(error_details_pb2.ErrorInfo(reason="SOLD_OUT"))
    raw = b"\0" + details.SerializeToString()
    server.call(1, 2)
    for stream in (1, 3):
        fields = [*BEGIN, (b"grpc-status", b"8"), (b"grpc-status-details-bin", raw)]
        server.say(server.headers(stream, fields, last=True))
    assert server.ended == {1: (Status(8, "SOLD_OUT"), b""), 2: (Status(8, "SOLD_OUT"), b"")}


def test_failure_row_26_no_success_without_a_message(server: Server) -> None:
    """Status 0 and no DATA: a server that raised must not count as one that sold."""
    server.call(1, 2, 3)
    server.say(server.headers(1, [*BEGIN, *GOOD], last=True))
    empty = frames.frame(frames.DATA, 0, 3, b"")
    server.say(server.headers(3, BEGIN) + empty + server.headers(3, GOOD, last=True))
    cut = frames.frame(frames.DATA, 0, 5, struct.pack(">BI", 0, 9) + b"short")
    server.say(server.headers(5, BEGIN) + cut + server.headers(5, GOOD, last=True))
    assert server.ended == {1: (NO_MESSAGE, b""), 2: (NO_MESSAGE, b""), 3: (BAD_MESSAGE, b"")}


def test_an_empty_message_is_a_message(server: Server) -> None:
    server.call(1)
    server.say(server.answer(1, b""))
    assert server.ended == {1: (OK, b"")}


def test_a_stream_that_just_ends_has_no_status(server: Server) -> None:
    server.call(1, 2)
    server.say(server.headers(1, BEGIN) + data(1, b"yes", flags=frames.END_STREAM))
    server.say(server.headers(3, BEGIN, last=True))
    assert server.ended == {1: (NO_STATUS, b""), 2: (NO_STATUS, b"")}


def test_an_http_error_is_not_taken_for_an_answer(server: Server) -> None:
    server.call(1)
    server.say(
        server.headers(1, [(b":status", b"503")]) + frames.frame(frames.DATA, frames.END_STREAM, 1, b"<p>")
    )
    assert server.ended == {1: (Status(2, "client: HTTP status 503"), b"")}


def test_a_stream_that_the_server_resets_is_an_error(server: Server) -> None:
    server.call(1)
    server.say(frames.frame(frames.RST_STREAM, 0, 1, struct.pack(">I", 7)))
    assert server.ended == {1: (Status(14, "client: reset by the server with 7"), b"")}


def test_after_goaway_the_calls_that_it_names_are_finished_and_no_others(server: Server) -> None:
    server.call(1, 2)
    server.say(frames.frame(frames.GOAWAY, 0, 0, struct.pack(">II", 1, 0)))
    assert server.ended == {2: (GOING_AWAY, b"")}
    assert not server.connection.has_room(b"")
    server.say(server.answer(1, b"still"))
    assert server.ended[1] == (OK, b"still")


def test_a_lost_connection_ends_every_call(server: Server) -> None:
    server.call(1, 2)
    server.connection.lose()
    assert server.ended == {1: (LOST, b""), 2: (LOST, b"")}
    assert not server.connection.has_room(b"")


def test_failure_row_24_an_answer_after_the_deadline_goes_to_nobody(server: Server) -> None:
    """Its headers still teach the table, without which the next answers could not be read."""
    server.call(1, 2)
    server.connection.cancel(1, DEADLINE)
    reset = frames.frame(frames.RST_STREAM, 0, 1, struct.pack(">I", frames.CANCEL))
    assert server.connection.outgoing.endswith(reset)
    server.say(server.answer(1, b"too late"))
    server.say(server.answer(3, b"in time"))
    assert server.ended == {1: (DEADLINE, b""), 2: (OK, b"in time")}
    assert server.connection.unasked == 3


def test_headers_may_go_on_in_further_frames(server: Server) -> None:
    server.call(1)
    server.say(server.headers(1, BEGIN) + data(1, b"ok"))
    whole = server.headers(1, GOOD, last=True)[frames.HEAD_BYTES :]
    server.say(frames.frame(frames.HEADERS, frames.END_STREAM, 1, whole[:1]))
    server.say(frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, whole[1:]))
    assert server.ended == {1: (OK, b"ok")}


def test_a_header_block_may_not_be_interrupted(server: Server) -> None:
    server.call(1)
    with pytest.raises(HeaderError):
        server.say(frames.frame(frames.HEADERS, 0, 1, b"\x88") + frames.frame(frames.PING, 0, 0, b"12345678"))


def test_pings_and_settings_are_answered(server: Server) -> None:
    server.connection.outgoing.clear()
    server.say(
        frames.settings({frames.MAX_CONCURRENT_STREAMS: 2}) + frames.frame(frames.PING, 0, 0, b"12345678")
    )
    ack = frames.frame(frames.SETTINGS, frames.ACK, 0, b"")
    assert server.connection.outgoing == ack + frames.frame(frames.PING, frames.ACK, 0, b"12345678")
    assert server.connection.greeted


def test_the_servers_caps_on_streams_and_bytes_are_kept(server: Server) -> None:
    server.say(frames.settings({frames.MAX_CONCURRENT_STREAMS: 2}))
    server.call(1, 2)
    assert not server.connection.has_room(b"")
    server.say(server.answer(1, b"done"))
    assert server.connection.has_room(b"")
    assert not server.connection.has_room(b"x" * frames.FIRST_WINDOW)
    server.say(frames.frame(frames.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1000)))
    assert server.connection.has_room(b"x" * frames.FIRST_WINDOW)


def test_a_call_on_the_wire_is_what_another_implementation_reads(server: Server) -> None:
    server.connection.outgoing.clear()
    server.connection.call(5, b"hello", SHARED, ((b"grpc-timeout", b"5000u"),))
    sent = bytes(server.connection.outgoing)
    size = int.from_bytes(sent[:3])
    block, rest = sent[9 : 9 + size], sent[9 + size :]
    fields = [(bytes(a), bytes(b)) for a, b in hpack.Decoder().decode(block, raw=True)]
    assert fields == [*SHARED, (b"grpc-timeout", b"5000u")]
    assert rest == data(1, b"hello", flags=frames.END_STREAM)
