"""A small HTTP client: one POST of JSON, its own connection, one time limit for everything.

For calls to others, seconds apart and in the background: it keeps no connections, follows no
redirects and reads answers of a bounded size. The standard library parses the answer.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import Any, cast
from urllib.parse import SplitResult, unquote, urlsplit

import orjson

MAX_ANSWER_BYTES = 65_536
_PORTS = {"http": 80, "https": 443}


class HttpError(Exception):
    """The other side did not answer as HTTP has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> object:
        """Raises ValueError if the body is no JSON."""
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Endpoint:
    """Where to post: `http[s]://[:token@]host[:port][/path]`. The token goes along as a bearer's.

    Raises ValueError for another URL. Kept out of logs, for it may hold the token.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        check_http_url(self.url)

    async def post(
        self, content: object, *, timeout_seconds: float, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Post JSON. Raises TimeoutError, OSError (ssl.SSLError too) or HttpError."""
        parts = urlsplit(self.url)
        request = _request(parts, headers or {}, content)
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or _PORTS[parts.scheme], ssl=secure, limit=MAX_ANSWER_BYTES
            )
            try:
                writer.write(request)
                await writer.drain()
                return _answer(await _read_all(reader))
            finally:
                writer.transport.abort()


def check_http_url(url: str) -> None:
    """Raises ValueError if this is no URL of an Endpoint."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.username or not url.isprintable():
        raise ValueError("no HTTP URL: http[s]://[:token@]host[:port][/path]")
    # Looking at it raises ValueError if it is no number.
    _ = parts.port


def _request(url: SplitResult, headers: Mapping[str, str], content: object) -> bytes:
    body = orjson.dumps(content)
    lines = [
        f"POST {url.path or '/'}{'?' if url.query else ''}{url.query} HTTP/1.1",
        f"Host: {url.netloc.rpartition('@')[2]}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *([f"Authorization: Bearer {unquote(url.password)}"] if url.password else []),
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if not all(line.isprintable() for line in lines):
        raise ValueError("a header cannot have such a value")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    received = bytearray()
    while chunk := await reader.read(MAX_ANSWER_BYTES):
        received += chunk
        if len(received) > MAX_ANSWER_BYTES:
            raise HttpError(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
    return bytes(received)


class _Received:
    """What an HTTPResponse takes for a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._content)


def _answer(received: bytes) -> Answer:
    response = HTTPResponse(cast("Any", _Received(received)))
    try:
        response.begin()
        return Answer(response.status, response.read())
    except (HTTPException, ValueError) as error:
        raise HttpError(f"no HTTP answer: {error!r}") from error
