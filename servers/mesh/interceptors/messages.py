"""Reads the request, refuses what is too large or is no such message, and writes the answer.

The core hands over bytes. So every check above this one is done before a byte of the body is
looked at, a caller that never sends its body is ended by the deadline, and an unreadable message is
the caller's fault instead of an unexplained error.
"""

from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message

from domain.shared.errors import FieldViolation, Invalid
from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import Method
from servers.mesh.errors import TooLarge


class Messages:
    """Puts the parsed request on the call: one message, or an iterator of them."""

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        async def read(call: Call) -> object:
            if method.streams_requests:
                call.request = _requests(method, call)
            else:
                call.request = _parse(method, await call.context.read())
            return await inner(call)

        return read


async def _requests(method: Method, call: Call) -> AsyncIterator[Message]:
    while (raw := await call.context.read()) is not grpc.aio.EOF:
        yield _parse(method, raw)


def _parse(method: Method, raw: Any) -> Message:
    if raw is grpc.aio.EOF:
        raise _unreadable("the call brought no message")
    if len(raw) > method.max_request_bytes:
        raise TooLarge(method.max_request_bytes)
    try:
        return method.parse(raw)
    except DecodeError:
        # The parser's own words may quote the bytes.
        raise _unreadable(f"the body is no {method.request_type.full_name}") from None


def _unreadable(description: str) -> Invalid:
    return Invalid([FieldViolation("", "MESSAGE_UNREADABLE", description)])
