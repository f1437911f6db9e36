"""An echo server, and a proxy before it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.toxics import Proxy, toxic_proxy

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Ends]]


class Echo:
    """Sends back what it gets, and remembers it. Ends when its client does."""

    def __init__(self) -> None:
        self.heard = b""
        self.was_reset = asyncio.Event()
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.heard += data
                writer.write(data)
                await writer.drain()
        except ConnectionResetError:
            self.was_reset.set()
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await echo.start()
    yield echo
    server.close()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    async with toxic_proxy(echo.port, seed=1) as proxy:
        yield proxy


@pytest.fixture
async def connect(proxy: Proxy) -> AsyncIterator[Connect]:
    """Opens a connection through the proxy, which is closed after the test."""
    opened: list[Ends] = []

    async def connect() -> Ends:
        opened.append(await asyncio.open_connection("127.0.0.1", proxy.port))
        return opened[-1]

    yield connect
    for _, writer in opened:
        writer.close()


@pytest.fixture
async def client(connect: Connect) -> Ends:
    """A connection made before any toxic, on which something was said."""
    ends = await connect()
    assert await said(ends, b"hello") == b"hello"
    return ends


async def said(client: Ends, data: bytes) -> bytes:
    """What comes back, once it is as long."""
    reader, writer = client
    writer.write(data)
    return await asyncio.wait_for(reader.readexactly(len(data)), 20)


async def silent(client: Ends, seconds: float = 0.2) -> bool:
    """Whether nothing comes for so long, not even an end."""
    try:
        await asyncio.wait_for(client[0].read(1), seconds)
    except TimeoutError:
        return True
    return False
