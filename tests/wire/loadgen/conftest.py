"""The bare echo of grpc.aio, and the house's own server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, running

SERVICE = "tests.Loadgen"


async def _echo(request: bytes, context: Any) -> bytes:
    return request


async def _refuse(request: bytes, context: Any) -> bytes:
    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, request.decode())
    raise AssertionError


async def _raise(request: bytes, context: Any) -> bytes:
    raise ValueError(request)


async def _hold(request: bytes, context: Any) -> bytes:
    await asyncio.sleep(float(request))
    return request


@pytest.fixture
async def bare() -> AsyncIterator[str]:
    """Its address: methods Echo, Refuse, Raise, Hold, of bytes."""
    methods = {"Echo": _echo, "Refuse": _refuse, "Raise": _raise, "Hold": _hold}
    handlers: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(method) for name, method in methods.items()
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture
async def house() -> AsyncIterator[Running]:
    async with running(EchoServicer(), max_streams_per_connection=10) as server:
        yield server
