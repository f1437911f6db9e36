"""The toxics on real connections: what Toxiproxy's manual says of them, and that changes count at once."""

import asyncio
import socket
import time

import pytest

from tests.contract.toxics.conftest import Connect, Echo, Ends, said, silent
from tests.servers import free_port
from tests.toxics import (
    Bandwidth,
    Latency,
    LimitData,
    Proxy,
    ProxyInThread,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    toxic_proxy,
    toxic_proxy_in_thread,
)
from tests.toxics.errors import ToxicExists, ToxicNotFound
from tests.toxics.link import NO_LINGER
from tests.toxics.toxic import Stream

BIG = bytes(range(256)) * 8_000
"""More than any buffer on the way."""


async def test_without_toxics_everything_passes_unchanged_and_so_do_ends(client: Ends, echo: Echo) -> None:
    assert await said(client, BIG) == BIG
    reader, writer = client
    writer.write(b"the last")
    writer.write_eof()
    assert await reader.read() == b"the last", "the other way stays open"


async def test_many_links_do_not_mix(proxy: Proxy, connect: Connect) -> None:
    proxy.add(Slicer(50, 40))
    proxy.add(Latency(5, 5))
    clients = [await connect() for _ in range(20)]
    texts = [f"client {number} ".encode() * 200 for number in range(20)]
    answers = await asyncio.gather(*(said(*pair) for pair in zip(clients, texts, strict=True)))

    assert answers == texts


@pytest.mark.parametrize("stream", list(Stream))
async def test_latency_delays_each_way_and_ends_when_it_is_removed(
    client: Ends, proxy: Proxy, stream: Stream
) -> None:
    proxy.add(Latency(150), stream=stream, name="slow")
    began = time.monotonic()
    await said(client, b"x")
    assert time.monotonic() - began >= 0.15

    proxy.update("slow", Latency(3_600_000))
    waiting = asyncio.create_task(said(client, b"held"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    proxy.remove("slow")
    assert await waiting == b"held", "what waited is not lost, and waits no longer"


async def test_pieces_wait_side_by_side_and_not_one_after_another(client: Ends, proxy: Proxy) -> None:
    proxy.add(Latency(300))
    began = time.monotonic()
    for _ in range(20):
        client[1].write(b"x")
        await asyncio.sleep(0.005)
    await client[0].readexactly(20)

    assert time.monotonic() - began < 20 * 0.3 / 2


async def test_bandwidth_holds_back(client: Ends, proxy: Proxy) -> None:
    proxy.add(Bandwidth(100))
    began = time.monotonic()
    await said(client, bytes(20_000))

    assert time.monotonic() - began >= 0.2 * 0.99


async def test_no_bandwidth_holds_everything_until_it_is_removed(client: Ends, proxy: Proxy) -> None:
    proxy.add(Bandwidth(0), name="cut")
    client[1].write(b"x")

    assert await silent(client)
    proxy.clear()
    assert await client[0].readexactly(1) == b"x"


async def test_a_mute_proxy_loses_data_and_keeps_the_connection(
    client: Ends, proxy: Proxy, connect: Connect, echo: Echo
) -> None:
    proxy.add(Timeout())
    client[1].write(b"question")
    assert await silent(client)
    assert echo.heard.endswith(b"question"), "only the answers are lost"

    late = await connect()
    late[1].write(b"new")
    assert await silent(late), "new connections are accepted, and mute as well"

    proxy.remove("timeout_downstream")
    assert await client[0].read() == b"", "closed: a part of what was said is missing"
    assert await said(await connect(), b"again") == b"again"


async def test_a_mute_upstream_is_not_heard(client: Ends, proxy: Proxy, echo: Echo) -> None:
    proxy.mute()
    client[1].write(b"question")

    assert await silent(client)
    assert echo.heard == b"hello"


async def test_a_timeout_closes_connections_that_say_nothing(client: Ends, proxy: Proxy) -> None:
    proxy.add(Timeout(100))

    assert await client[0].read() == b""


async def test_another_timeout_counts_from_its_own_beginning(client: Ends, proxy: Proxy) -> None:
    proxy.add(Timeout(100), name="end")
    proxy.update("end", Timeout(3_600_000))
    assert await silent(client, 0.3)

    proxy.update("end", Timeout(100))
    proxy.update("end", Timeout())
    assert await silent(client, 0.3)

    proxy.update("end", Timeout(1))
    assert await client[0].read() == b""


async def test_a_reset_is_one_for_both_sides(client: Ends, proxy: Proxy, echo: Echo) -> None:
    proxy.add(ResetPeer())
    client[1].write(b"x")

    with pytest.raises(ConnectionResetError):
        await client[0].read()
    await asyncio.wait_for(echo.was_reset.wait(), 10)


async def test_an_upstream_reset_comes_before_what_caused_it(client: Ends, proxy: Proxy, echo: Echo) -> None:
    proxy.add(ResetPeer(), stream=Stream.UPSTREAM)
    client[1].write(b"never")

    with pytest.raises(ConnectionResetError):
        await client[0].read()
    await asyncio.wait_for(echo.was_reset.wait(), 10)
    assert echo.heard == b"hello"


async def test_a_reset_by_either_side_reaches_the_other(client: Ends, proxy: Proxy, echo: Echo) -> None:
    client[1].get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    client[1].transport.abort()

    await asyncio.wait_for(echo.was_reset.wait(), 10)


async def test_slices_arrive_one_by_one(client: Ends, proxy: Proxy) -> None:
    proxy.add(Slicer(average_size=10, delay=20_000))
    client[1].write(bytes(100))
    pieces: list[int] = []
    while sum(pieces) < 100:
        pieces.append(len(await client[0].read(100)))

    assert len(pieces) > 1
    assert max(pieces) < 100


async def test_no_more_than_the_limit_arrives(client: Ends, proxy: Proxy) -> None:
    proxy.add(LimitData(7))
    client[1].write(b"0123456789")

    assert await client[0].read() == b"0123456"


async def test_a_slow_close_keeps_the_data_swift_and_the_end_late(client: Ends, proxy: Proxy) -> None:
    proxy.add(SlowClose(300))
    reader, writer = client
    began = time.monotonic()
    writer.write(b"x")
    writer.write_eof()

    assert await reader.readexactly(1) == b"x"
    assert await reader.read() == b""
    assert time.monotonic() - began >= 0.3


async def test_only_the_share_of_connections_is_hit(proxy: Proxy, connect: Connect) -> None:
    proxy.add(LimitData(0), toxicity=0.5)
    dead = 0
    for _ in range(40):
        reader, writer = await connect()
        writer.write(b"x")
        dead += await reader.read(1) == b""

    assert 0 < dead < 40


async def test_a_cut_resets_at_once_and_the_next_connection_is_fine(
    client: Ends, proxy: Proxy, connect: Connect
) -> None:
    proxy.cut()

    with pytest.raises(ConnectionResetError):
        await client[0].read()
    assert await said(await connect(), b"again") == b"again"


async def test_a_stopped_proxy_is_a_server_that_is_down_and_comes_back_where_it_was(
    client: Ends, proxy: Proxy, connect: Connect
) -> None:
    port = proxy.port
    await proxy.stop()
    with pytest.raises(ConnectionResetError):
        await client[0].read()
    with pytest.raises(ConnectionRefusedError):
        await connect()

    await proxy.start()
    assert proxy.port == port
    assert await said(await connect(), b"back") == b"back"


async def test_a_proxy_with_nobody_behind_it_closes() -> None:
    async with toxic_proxy(free_port()) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await reader.read() == b""
        writer.close()


async def test_a_toxic_has_one_name_and_one_stream_if_it_has_but_one(proxy: Proxy) -> None:
    dose = proxy.add(Latency(1))

    assert dose.name == "latency_downstream"
    with pytest.raises(ToxicExists):
        proxy.add(Latency(2))
    with pytest.raises(ToxicNotFound):
        proxy.remove("other")
    with pytest.raises(ToxicNotFound):
        proxy.update("other", Latency(1))


def test_tests_without_a_loop_have_it_in_a_thread() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        toxic_proxy_in_thread(server.getsockname()[1]) as proxy,
    ):
        proxy.add(LimitData(2))
        client, behind = _accepted(server, proxy)
        with client, behind:
            behind.sendall(b"12345")
            assert client.recv(10) == b"12"
            assert client.recv(10) == b""
        proxy.remove("limit_data_downstream")
        proxy.mute()
        proxy.clear()
        client, behind = _accepted(server, proxy)
        with client, behind:
            behind.sendall(b"12345")
            assert client.recv(10) == b"12345"


def test_a_cut_spares_no_connection_that_has_only_just_been_made() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        toxic_proxy_in_thread(server.getsockname()[1]) as proxy,
    ):
        for _ in range(50):
            client, behind = _accepted(server, proxy)
            with client, behind:
                proxy.cut()
                with pytest.raises(ConnectionResetError):
                    client.recv(1)


def _accepted(server: socket.socket, proxy: ProxyInThread) -> tuple[socket.socket, socket.socket]:
    """A connection through the proxy: the client's end, and the server's."""
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
    return client, server.accept()[0]
