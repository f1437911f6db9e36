"""A TCP relay that fails on demand, between code under test and a real server."""

import asyncio
from collections.abc import Callable
from typing import Self

CHUNK = 65_536

Picks = Callable[[bytes], bool]
"""Whether a chunk that a client sends is meant."""


class Proxy:
    """Relays one loopback port to another until told otherwise. Use it as `async with Proxy(port)`.

    Changes count for open connections, too.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._accepted: set[asyncio.Task[None]] = set()
        self._speaking = asyncio.Event()
        self._speaking.set()
        self.port = 0
        self.latency_seconds = 0.0
        """Added to each chunk, each way."""
        self.resets_before: Picks = nothing
        """A chunk that this picks is not passed on: its connection is reset."""
        self.drops_reply_to: Picks = nothing
        """A chunk that this picks is passed on; its answer is lost, and its connection reset."""
        self.forges: Callable[[bytes], bytes | None] = no_answer
        """A chunk for which this has an answer is not passed on, and answered so."""

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        self.speak()
        await asyncio.gather(*self._accepted)

    def mute(self) -> None:
        """Connections stay open, new ones are accepted, and nothing passes."""
        self._speaking.clear()

    def speak(self) -> None:
        self._speaking.set()

    async def passes(self) -> None:
        """Returns when a chunk may pass."""
        await self._speaking.wait()
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)

    def cut(self) -> None:
        """Reset every connection now."""
        for link in list(self._links):
            link.reset()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer))
        self._accepted.add(task)
        task.add_done_callback(self._accepted.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(self, (reader, writer), server)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)


class _Link:
    """One client's connection and the server's connection behind it."""

    def __init__(
        self,
        proxy: Proxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._loses_next_answer = False

    async def run(self) -> None:
        ways = [asyncio.create_task(self._up()), asyncio.create_task(self._down())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        self.reset()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    def reset(self) -> None:
        self._to_client.transport.abort()
        self._to_server.transport.abort()

    async def _up(self) -> None:
        while chunk := await self._from_client.read(CHUNK):
            await self._proxy.passes()
            if self._proxy.resets_before(chunk):
                return
            forged = self._proxy.forges(chunk)
            if forged is not None:
                self._to_client.write(forged)
                continue
            self._loses_next_answer = self._proxy.drops_reply_to(chunk)
            self._to_server.write(chunk)

    async def _down(self) -> None:
        while chunk := await self._from_server.read(CHUNK):
            await self._proxy.passes()
            if self._loses_next_answer:
                return
            self._to_client.write(chunk)


def nothing(_chunk: bytes) -> bool:
    return False


def no_answer(_chunk: bytes) -> bytes | None:
    return None


def is_commit(chunk: bytes) -> bool:
    return _says(chunk, b"COMMIT")


def is_rollback(chunk: bytes) -> bool:
    return _says(chunk, b"ROLLBACK")


def mysql_error(code: int) -> bytes:
    """A MySQL server's answer to a statement: an error packet."""
    payload = b"\xff" + code.to_bytes(2, "little") + b"#HY000forged"
    return len(payload).to_bytes(3, "little") + b"\x01" + payload


def _says(chunk: bytes, statement: bytes) -> bool:
    """Whether a MySQL client says so: a packet's header, COM_QUERY, and the statement."""
    return chunk[4:5] == b"\x03" and chunk[5:].upper() == statement
