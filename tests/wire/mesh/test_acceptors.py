"""Several acceptors on one port: a process takes many calls at once, and to others is still one server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest

from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from servers.mesh.config import load
from servers.mesh.server import ListenError
from servers.mesh.transport import acceptors_of, channel_options
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, running, until

CONNECTIONS = 64
LISTENS = "0A"


@pytest.fixture
async def shared(echo: EchoServicer) -> AsyncIterator[Running]:
    async with running(echo, acceptors=4) as server:
        yield server


@pytest.fixture
async def stubs(shared: Running) -> AsyncIterator[Sequence[rpc.EchoServiceStub]]:
    """One a connection."""
    own = [("grpc.use_local_subchannel_pool", 1)]
    async with AsyncExitStack() as closing:
        channels = [grpc.aio.insecure_channel(shared.address, options=own) for _ in range(CONNECTIONS)]
        for channel in channels:
            await closing.enter_async_context(channel)
        yield [rpc.EchoServiceStub(channel) for channel in channels]


async def test_a_port_has_as_many_listeners_as_there_are_acceptors(shared: Running) -> None:
    assert _listeners(shared.port) == 4
    await shared.server.drain()
    assert _listeners(shared.port) == 0


async def test_connections_are_shared_out_and_every_call_is_answered(
    stubs: Sequence[rpc.EchoServiceStub],
) -> None:
    answers = await asyncio.gather(
        *(stub.Echo(pb.EchoRequest(text=str(at)), timeout=5) for at, stub in enumerate(stubs))
    )
    assert [answer.text for answer in answers] == [str(at) for at in range(CONNECTIONS)]


async def test_a_drain_lets_the_calls_of_all_acceptors_end(
    shared: Running, stubs: Sequence[rpc.EchoServiceStub], echo: EchoServicer
) -> None:
    holding = [asyncio.ensure_future(stub.Hold(pb.HoldRequest(ms=300), timeout=5)) for stub in stubs]
    await until(lambda: shared.process.admission.running == CONNECTIONS)
    await shared.server.drain()
    await asyncio.gather(*holding)
    assert echo.cancelled == 0


async def test_a_second_server_of_ours_does_not_join_in_unasked(shared: Running, echo: EchoServicer) -> None:
    with pytest.raises(ListenError, match="is the port taken"):
        async with running(echo, acceptors=4, listen_port=shared.port):
            pass


async def test_a_socket_has_one_acceptor(
    echo: EchoServicer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = f"unix:{tmp_path_factory.mktemp('s')}/s"
    async with running(echo, acceptors=4, listen_host=place) as server:
        assert (await server.stub.Echo(pb.EchoRequest(text="here"))).text == "here"


async def test_a_socket_that_cannot_be_opened_is_named_as_it_was_written(
    echo: EchoServicer, tmp_path: Path
) -> None:
    with pytest.raises(ListenError, match=f"cannot listen on unix:{tmp_path}/none/s:"):
        async with running(echo, listen_host=f"unix:{tmp_path}/none/s"):
            pass


@pytest.mark.parametrize(
    ("most", "wanted", "acceptors", "each"),
    [(1000, 8, 8, 157), (1000, 1, 1, 1000), (399, 8, 3, 167), (1, 8, 1, 1)],
)
def test_acceptors_have_enough_connections_each_to_have_even_shares(
    most: int, wanted: int, acceptors: int, each: int
) -> None:
    config = load(None, {}, {"acceptors": str(wanted), "max_connections": str(most)})
    assert acceptors_of(config) == acceptors
    assert dict(channel_options(config, ()))["grpc.max_allowed_incoming_connections"] == each


def _listeners(port: int) -> int:
    """Sockets of this machine that listen on it, as Linux tells."""
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == LISTENS for row in rows)
