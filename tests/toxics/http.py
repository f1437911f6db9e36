"""As much of an HTTP/1.1 server as the API needs: small bodies with a length, connections that stay open."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

MOST_BODY_BYTES = 1_000_000


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: HTTPStatus = HTTPStatus.OK


@dataclass
class HttpServer:
    """Has each call answered by `answers`, on every connection."""

    answers: Callable[[Call], Awaitable[Answer]]
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, host: str, port: int) -> None:
        """Raises OSError if it cannot listen."""
        self._listener = await asyncio.start_server(self._accept, host, port)
        self.port: int = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._listener.close()
        for connection in self.connections:
            connection.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while call := await _read(reader):
                answer = await self.answers(call)
                writer.write(_written(answer))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return  # the caller went away
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(_written(Answer(status=HTTPStatus.BAD_REQUEST)))
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Call | None:
    """The next call; None at the end of the connection. Raises ValueError for what is no HTTP of ours."""
    line = await reader.readline()
    if not line:
        return None
    method, path, _ = line.decode("ascii").split()
    headers = {}
    while header := (await reader.readline()).decode("latin-1").strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers.get("content-length", "0"))
    if "transfer-encoding" in headers or not 0 <= size <= MOST_BODY_BYTES:
        raise ValueError("a body needs a length, and has bounds")
    return Call(method, path, headers, await reader.readexactly(size))


def _written(answer: Answer) -> bytes:
    # No length where there can be no body: some clients would wait for it.
    length = [] if answer.status == HTTPStatus.NO_CONTENT else [f"Content-Length: {len(answer.body)}"]
    head = [
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
        "Content-Type: application/json",
        *length,
    ]
    return "\r\n".join([*head, "", ""]).encode() + answer.body
