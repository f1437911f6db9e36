"""One POST over a socket: in time, bounded, and no header that a value could smuggle in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from servers.mesh.http_client import MAX_ANSWER_BYTES, Endpoint, HttpError
from servers.risk.simulators import Simulator

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def answering(content: bytes, *, slowly: bool = False) -> AsyncIterator[Endpoint]:
    """A server that says this to whoever comes, a byte at a time if slowly, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in content if slowly else ():
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)
        if not slowly:
            writer.write(content)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/path")
    server.close()


async def test_an_answer_comes_back() -> None:
    async with Simulator() as simulator:
        answer = await Endpoint(simulator.sms_url).post(
            {"id": "1", "to": "2", "text": "3"}, timeout_seconds=5
        )
    assert answer.is_good
    assert answer.json() == {"accepted": "1"}
    assert simulator.taken["1"]["text"] == "3"


async def test_a_chunked_answer_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    async with answering(chunked) as endpoint:
        assert (await endpoint.post({}, timeout_seconds=5)).json() == [1, 2]


@pytest.mark.parametrize(
    "bad",
    [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"HTTP/1.1 x OK\r\n\r\n"],
)
async def test_what_is_no_answer_is_an_error(bad: bytes) -> None:
    async with answering(bad) as endpoint:
        with pytest.raises(HttpError):
            await endpoint.post({}, timeout_seconds=5)


async def test_an_answer_without_end_is_not_read_to_it() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2 * MAX_ANSWER_BYTES) as endpoint:
        with pytest.raises(HttpError, match="more than"):
            await endpoint.post({}, timeout_seconds=5)


async def test_the_time_limit_is_for_all_of_it() -> None:
    """A server that sends a byte now and then is never idle, and still out of time."""
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100, slowly=True) as endpoint:
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await endpoint.post({}, timeout_seconds=0.1)
        assert asyncio.get_running_loop().time() - began < 1


async def test_nobody_there_is_an_os_error() -> None:
    async with Simulator() as gone:
        endpoint = Endpoint(gone.sms_url)
    with pytest.raises(OSError, match="Connect"):
        await endpoint.post({}, timeout_seconds=5)


async def test_a_value_cannot_add_a_header() -> None:
    with pytest.raises(ValueError, match="header"):
        await Endpoint("http://127.0.0.1:1/").post({}, timeout_seconds=1, headers={"X": "a\r\nHost: b"})


@pytest.mark.parametrize(
    "bad", ["", "ftp://a/", "http://", "http://user:token@host/", "http://a:b/", "http://a/\r\n"]
)
def test_other_urls_are_refused(bad: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # its text is for people
        Endpoint(bad)


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(Endpoint("https://:secret@host/path"))
