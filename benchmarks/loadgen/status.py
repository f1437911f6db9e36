"""What the last headers of an answer say: a gRPC code, and the reason that the house gives with it."""

from base64 import b64decode
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from benchmarks.loadgen.hpack_table import Field


class Code(IntEnum):
    """Status codes of gRPC that this client gives by itself."""

    OK = 0
    UNKNOWN = 2
    DEADLINE_EXCEEDED = 4
    INTERNAL = 13
    UNAVAILABLE = 14


class Status(NamedTuple):
    """How a call ended. `reason` is the `ErrorInfo`'s of the server, or begins with BY_CLIENT."""

    code: int
    reason: str


OK = Status(Code.OK, "")
BY_CLIENT = "client: "
"""What this client saw, and no server said."""
NO_STATUS = Status(Code.INTERNAL, "client: the stream ended without a status")
NO_MESSAGE = Status(Code.INTERNAL, "client: OK without a message")
BAD_MESSAGE = Status(Code.INTERNAL, "client: not one whole plain message")
DEADLINE = Status(Code.DEADLINE_EXCEEDED, "client: the deadline passed")
GOING_AWAY = Status(Code.UNAVAILABLE, "client: the server was going away")
LOST = Status(Code.UNAVAILABLE, "client: the connection was lost")


def reset(error_code: int) -> Status:
    """The server reset the stream."""
    return Status(Code.UNAVAILABLE, f"client: reset by the server with {error_code}")


def status_of(fields: Sequence[Field]) -> Status | None:
    """None if these headers begin an answer. Never an OK that was not said."""
    said = dict(fields)
    number = said.get(b"grpc-status")
    if number is not None:
        if not number.isdigit():
            return Status(Code.UNKNOWN, "client: grpc-status is no number")
        return OK if number == b"0" else Status(int(number), _reason(said))
    http = said.get(b":status", b"200")
    return None if http == b"200" else Status(Code.UNKNOWN, f"client: HTTP status {http.decode()}")


def _reason(said: dict[bytes, bytes]) -> str:
    details = said.get(b"grpc-status-details-bin", b"")
    # A zero byte before them says that they are as they are.
    raw = details[1:] if details[:1] == b"\0" else b64decode(details + b"=" * (-len(details) % 4))
    info = error_details_pb2.ErrorInfo()
    try:
        for detail in status_pb2.Status.FromString(raw).details:
            if detail.Unpack(info):
                return str(info.reason)
    except DecodeError:
        return "client: details that are no google.rpc.Status"
    return said.get(b"grpc-message", b"").decode(errors="replace")
