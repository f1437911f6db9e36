"""Starts and ends servers for these tests."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc

from clients.errors import NectaryError, error_of
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from servers.mesh.config import load
from servers.mesh.process import Process, SliceMaker, assemble
from servers.mesh.server import Server
from tests.wire.mesh.echo import EchoServicer, echo_slice


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    server: Server
    process: Process
    channel: grpc.aio.Channel
    """A plain channel of grpcio, without our client's defaults."""

    @property
    def address(self) -> str:
        return self.server.address

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def stub(self) -> rpc.EchoServiceStub:
        return rpc.EchoServiceStub(self.channel)


@asynccontextmanager
async def running(
    echo: EchoServicer,
    *,
    credentials: grpc.ChannelCredentials | None = None,
    extra: Sequence[SliceMaker] = (),
    **settings: Any,
) -> AsyncIterator[Running]:
    """A server with these settings on a free port; `credentials` are those of the channel.

    It judges no calls unless told to: those who do not test that need no Redis.
    """
    config = load(None, {}, {"listen_port": 0, "drain_grace_seconds": 1, "risk": "off", **settings})
    async with AsyncExitStack() as closing:
        process = await assemble(config, [echo_slice(echo), *extra], closing)
        server = Server(process)
        await server.start()
        closing.push_async_callback(server.drain)
        yield Running(
            server, process, await closing.enter_async_context(channel_to(server.address, credentials))
        )


def channel_to(address: str, credentials: grpc.ChannelCredentials | None = None) -> grpc.aio.Channel:
    """A plain channel that gives up connecting at once, as tests want it."""
    if credentials is None:
        return grpc.aio.insecure_channel(address)
    options = [("grpc.ssl_target_name_override", "localhost")]
    return grpc.aio.secure_channel(address, credentials, options=options)


async def until(condition: Callable[[], bool], seconds: float = 10) -> float:
    """How long it took until the condition held; fails after `seconds`."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        for pause in itertools.chain([0.0] * 3, itertools.repeat(0.005)):
            if condition():
                break
            await asyncio.sleep(pause)
    return time.monotonic() - began


def health_stub(channel: grpc.aio.Channel) -> Any:
    """The library's stub, whose types know only synchronous channels."""
    return health_pb2_grpc.HealthStub(channel)


async def refusal(call: object) -> NectaryError:
    """The typed error of a call that must fail."""
    try:
        answer = await call  # type: ignore[misc]  # any of grpcio's calls
    except grpc.aio.AioRpcError as error:
        return error_of(error)
    raise AssertionError(f"not refused: {answer}")
