"""The baseline of every call: grpc.aio on uvloop answering with the request, and nothing around it.

    python -m benchmarks.measuring.echo

As any typed server does, it parses the request and serialises the answer.
"""

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from typing import Any

import grpc
import uvloop
from google.protobuf.message import Message

from nectary.identity.v1 import identity_service_pb2 as pb

SERVICE = "benchmarks.Echo"
MESSAGES: Mapping[str, type[Message]] = {
    "ListIdentities": pb.ListIdentitiesRequest,
    "BatchCheckIdentities": pb.BatchCheckIdentitiesRequest,
}
"""What each method echoes."""


def path_of(method: str) -> str:
    """Of a method in `MESSAGES`."""
    return f"/{SERVICE}/{method}"


async def _echo(request: Message, context: Any) -> Message:
    return request


async def _serve() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = grpc.aio.server()
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(_echo, kind.FromString, kind.SerializeToString)
        for name, kind in MESSAGES.items()
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(json.dumps({"address": f"127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    await stop.wait()
    await server.stop(None)


if __name__ == "__main__":
    uvloop.run(_serve())
