"""Runs a process until it is told to stop.

Once it answers, one line of JSON goes to standard output, so that a script can start a server on
port 0 and learn where it is: `{"event":"ready","address":"127.0.0.1:41234",...}`. SIGTERM and
SIGINT drain it; the exit status is then 0.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

import orjson
import uvloop

from servers.mesh.config import Config
from servers.mesh.garbage import collect_seldom
from servers.mesh.logs import configure_logs
from servers.mesh.process import SliceMaker, assemble
from servers.mesh.server import Server


def run_here(config: Config, makers: Sequence[SliceMaker]) -> None:
    """Serves until SIGTERM or SIGINT. Raises what `assemble` and `Server.start` raise."""
    configure_logs(config.log_level)
    uvloop.run(serve(config, makers))


async def serve(config: Config, makers: Sequence[SliceMaker]) -> None:
    """As `run_here`, inside a running event loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as closing:
        process = await assemble(config, makers, closing)
        server = Server(process)
        await server.start()
        process.announce(server.address)
        collect_seldom()
        say_ready(server.address, process.services, server.metrics_port)
        await stop.wait()
        await server.drain()


def say_ready(address: str, services: Sequence[str], metrics_port: int | None) -> None:
    """Tells whoever started us that we answer now."""
    line = {
        "event": "ready",
        "address": address,
        "pid": os.getpid(),
        "services": services,
        "metrics_port": metrics_port,
    }
    sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()
