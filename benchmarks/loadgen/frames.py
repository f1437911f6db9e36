"""HTTP/2 frames (RFC 9113): the few kinds that unary gRPC calls are made of."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE = 0x0, 0x1, 0x3, 0x4, 0x5
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0x6, 0x7, 0x8, 0x9
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED, PRIORITY = 0x8, 0x20

HEADER_TABLE_SIZE, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 0x1, 0x3, 0x4
TRUE_BINARY = 0xFE03
"""gRPC's own setting: binary headers may come as they are, not in base64."""
CANCEL = 0x8
"""The error code of a stream that its client gave up."""

LARGEST_WINDOW = 2**31 - 1
FIRST_WINDOW = 65_535
HEAD_BYTES = 9
HEAD = struct.Struct(">HBBBI")
"""Length (16 bits and 8), kind, flags, stream."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Payload of at most 2^24 - 1 bytes; the peer takes 16,384 of one frame."""
    return HEAD.pack(len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream) + payload


def settings(values: dict[int, int]) -> bytes:
    """A SETTINGS frame."""
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", key, value) for key, value in values.items()))


def read_settings(payload: bytes) -> dict[int, int]:
    return {key: value for key, value in struct.iter_unpack(">HI", payload)}  # noqa: C416  # its tuples are untyped


def unpadded(flags: int, payload: bytes, *, headers: bool) -> bytes:
    """The payload of DATA or HEADERS without padding and priority. Raises ConnectionError."""
    if flags & PADDED:
        if not payload or payload[0] >= len(payload):
            raise ConnectionError("a frame with more padding than bytes")
        payload = payload[1 : len(payload) - payload[0]]
    return payload[5:] if headers and flags & PRIORITY else payload
