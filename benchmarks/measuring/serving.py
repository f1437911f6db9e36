"""A benchmark's server: grpc.aio on uvloop with the house's settings of transport and memory, and no more."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message

from servers.mesh.acceptors import Acceptors
from servers.mesh.config import load
from servers.mesh.garbage import collect_seldom
from servers.mesh.transport import acceptors_of, channel_options

Handler = Callable[[Any, Any], Awaitable[Message]]
Methods = Mapping[str, tuple[Handler, type[Message]]]
"""By method: what answers, and what it is asked."""


async def serve(service: str, methods: Methods) -> None:
    """Answers on a free port of loopback, which the first line says, until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    config = load(None, {}, {})
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(answer, kind.FromString, _serialized)
        for name, (answer, kind) in methods.items()
    }
    generic = grpc.method_handlers_generic_handler(service, handlers)
    options = channel_options(config, ())
    acceptors = Acceptors(acceptors_of(config), lambda: grpc.aio.server(handlers=(generic,), options=options))
    address = acceptors.listen_alone("127.0.0.1", 0)
    await acceptors.start()
    collect_seldom()
    print(json.dumps({"address": address, "pid": os.getpid()}), flush=True)
    await stop.wait()
    await acceptors.stop(None)


def _serialized(answer: Message) -> bytes:
    return answer.SerializeToString()
