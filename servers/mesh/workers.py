"""Several processes on one port: each is started anew by exec, and the kernel shares connections out.

A process that forks after it has used gRPC is broken; one that starts a fresh interpreter is not. The
parent serves nothing: it holds the port, waits until all its workers answer, passes signals on, and
ends them all when one of them dies, for whoever runs us restarts the whole.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import structlog

from servers.mesh.child import die_with_parent
from servers.mesh.config import Config, environment_of
from servers.mesh.logs import configure_logs
from servers.mesh.ports import held_port, port_of
from servers.mesh.serve import say_ready
from servers.mesh.server import cannot_listen

Worker = asyncio.subprocess.Process

START_SECONDS = 30.0
STOP_MARGIN_SECONDS = 10.0

_log = structlog.get_logger("nectary.workers")


class WorkerDiedError(Exception):
    """A worker ended although nobody asked it to."""


def run_workers(config: Config, services: Sequence[str]) -> None:
    """Serves these services in `config.workers` processes until SIGTERM or SIGINT.

    Raises WorkerDiedError if a worker ends by itself or does not answer within 30 s.
    """
    configure_logs(config.log_level)
    asyncio.run(_supervise(config, [sys.executable, "-m", "servers.mesh.worker", *services]))


async def _supervise(config: Config, command: Sequence[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    workers: list[Worker] = []
    with _held(config) as held:
        port = port_of(held)
        try:
            for index in range(config.workers):
                # One by one: a failed start must find those before it in the list, to end them.
                worker = await _start(command, _environment(config, port, index))
                workers.append(worker)
            ready = await _ready_lines(workers)
            say_ready(ready[0]["address"], ready[0]["services"], ready[0]["metrics_port"])
            await _until_stopped(stop, workers)
        finally:
            await _end(workers, config)


def _held(config: Config) -> socket.socket:
    """With port 0, all workers need the same one. Raises ListenError."""
    try:
        return held_port(config.listen_host, config.listen_port)
    except OSError as error:
        raise cannot_listen(config) from error


def _environment(config: Config, port: int, index: int) -> Mapping[str, str]:
    """The configuration of one worker. Each has a metrics page of its own, on the ports that follow."""
    metrics_port = config.metrics_port + index if config.metrics_port > 0 else config.metrics_port
    return {**os.environ, **environment_of(replace(config, listen_port=port, metrics_port=metrics_port))}


async def _start(command: Sequence[str], environment: Mapping[str, str]) -> Worker:
    return await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        # A Ctrl-C at the terminal reaches us alone, and we tell them.
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


async def _ready_lines(workers: Sequence[Worker]) -> list[dict[str, Any]]:
    try:
        async with asyncio.timeout(START_SECONDS):
            lines = [await worker.stdout.readline() for worker in workers if worker.stdout]
    except TimeoutError as error:
        raise WorkerDiedError("a worker does not answer") from error
    if not all(lines):
        raise WorkerDiedError("a worker ended while it started")
    return [orjson.loads(line) for line in lines]


async def _until_stopped(stop: asyncio.Event, workers: Sequence[Worker]) -> None:
    ends = {asyncio.create_task(worker.wait()) for worker in workers}
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, *ends}, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, *ends):
        task.cancel()
    if not stop.is_set():
        raise WorkerDiedError("a worker ended by itself")


async def _end(workers: Sequence[Worker], config: Config) -> None:
    """Lets all of them drain, and kills those that do not get to an end."""
    for worker in workers:
        if worker.returncode is None:
            worker.terminate()
    longest = config.drain_wait_seconds + config.drain_grace_seconds + STOP_MARGIN_SECONDS
    ends = [asyncio.create_task(worker.wait()) for worker in workers]
    if not ends:
        return
    _, pending = await asyncio.wait(ends, timeout=longest)
    for worker in workers:
        if worker.returncode is None:
            _log.error("a worker did not drain and is killed", pid=worker.pid)
            worker.kill()
    await asyncio.gather(*pending)
