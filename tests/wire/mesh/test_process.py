"""The process as a script sees it: the ready line, the signals, the workers, the logs, the metrics page."""

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from tests.wire.mesh.running import channel_to, health_stub, refusal, until

ROOT = Path(__file__).parents[3]
WORKER = (sys.executable, "-m", "servers.mesh.worker")
SUPERVISOR = (
    sys.executable,
    "-c",
    "import os; from servers.mesh.config import load; from servers.mesh.workers import run_workers;"
    " run_workers(load(None, os.environ), [])",
)


class Started:
    """A process that said it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, ready: Mapping[str, Any]) -> None:
        self.process = process
        self.ready = ready

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, list[dict[str, Any]]]:
        """Its exit status and its log, each line of which is one JSON object."""
        self.process.send_signal(number)
        _, errors = await asyncio.wait_for(self.process.communicate(), 20)
        return self.process.returncode or 0, [json.loads(line) for line in errors.splitlines()]


@asynccontextmanager
async def started(*command: str, **settings: object) -> AsyncIterator[Started]:
    folder = tempfile.TemporaryDirectory()
    # What one server's Redis counted is not for the next one.
    given = {"data_folder": folder.name} | settings
    environment = {f"NECTARY_{key.upper()}": str(value) for key, value in given.items()}
    path = os.pathsep.join(str(ROOT / part) for part in ("", "generated"))
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PYTHONPATH": path, "NECTARY_LISTEN_PORT": "0", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line, (await process.communicate())[1].decode()
        yield Started(process, json.loads(line))
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
        folder.cleanup()


async def is_healthy(address: str) -> bool:
    async with channel_to(address) as channel:
        answer = await health_stub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_listens_and_ends_with_status_0_when_told(number: signal.Signals) -> None:
    async with started(*WORKER) as server:
        assert server.ready["event"] == "ready"
        assert server.ready["pid"] == server.process.pid
        assert await is_healthy(server.ready["address"])
        status, log = await server.stop(number)
    assert status == 0
    told = [record["event"] for record in log]
    # Between the two, jobs may say what they met.
    assert [event for event in told if event in ("draining", "drained")] == ["draining", "drained"]
    assert told[-1] == "drained"


async def test_it_says_once_in_the_log_that_it_trusts_local_callers() -> None:
    async with started(*WORKER) as server:
        _, log = await server.stop()
    assert len([record for record in log if "trusts local callers" in record["event"]]) == 1


async def test_a_port_that_is_taken_is_said_and_not_shared() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await asyncio.create_subprocess_exec(
            *WORKER,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "generated")]),
                "NECTARY_LISTEN_PORT": str(taken.getsockname()[1]),
            },
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"is the port taken?" in errors


async def test_the_metrics_page_counts_calls_by_method_code_and_reason() -> None:
    counted = {
        'nectary_calls_total{code="OK",method="/grpc.health.v1.Health/Check",reason=""} 1.0',
        'nectary_calls_total{code="UNIMPLEMENTED",method="unknown",reason="METHOD_UNKNOWN"} 1.0',
        'nectary_call_seconds_count{method="/grpc.health.v1.Health/Check"} 1.0',
    }
    async with started(*WORKER, metrics_port=0) as server:
        await is_healthy(server.ready["address"])
        async with channel_to(server.ready["address"]) as channel:
            call: Any = channel.unary_unary("/no.Such/Method")
            await refusal(call(b"", timeout=5))
        # A call is counted when it has ended, which its caller may hear a moment sooner.
        await until(lambda: counted <= {*_page(server.ready["metrics_port"]).splitlines()})
        await server.stop()


def _page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        content: bytes = answer.read()
    return content.decode()


async def test_what_a_caller_puts_into_a_call_cannot_break_the_log() -> None:
    """A-12: line ends, terminal codes, quotes: one record a call, each valid JSON."""
    nasty = '/x.Y/\x1b[31m"},{"event":"forged"'
    async with started(*WORKER) as server:
        async with channel_to(server.ready["address"]) as channel:
            call: Any = channel.unary_unary(nasty.replace("\x1b", ""))
            await refusal(call(b"", timeout=5))
        _, log = await server.stop()
    (record,) = [record for record in log if record["event"] == "call"]
    assert record["code"] == "UNIMPLEMENTED"
    assert "forged" in record["method"]


REMOTE = {"store_url": "mysql://u:p@127.0.0.1:1/d", "redis_url": "redis://127.0.0.1:1"}


async def test_workers_share_one_port_and_end_together() -> None:
    async with started(*SUPERVISOR, workers=2, **REMOTE) as server:
        children = _children(server.process.pid)
        assert len(children) == 2
        for _ in range(10):
            assert await is_healthy(server.ready["address"])
        status, log = await server.stop()
    assert status == 0
    assert [record["event"] for record in log].count("drained") == 2
    assert not any(_lives(child) for child in children)


async def test_a_worker_that_dies_takes_the_others_with_it() -> None:
    async with started(*SUPERVISOR, workers=2, **REMOTE) as server:
        children = _children(server.process.pid)
        os.kill(children[0], signal.SIGKILL)
        _, errors = await asyncio.wait_for(server.process.communicate(), 20)
    assert server.process.returncode == 1
    assert b"a worker ended by itself" in errors
    assert not any(_lives(child) for child in children)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_workers_do_not_outlive_a_supervisor_that_is_killed() -> None:
    async with started(*SUPERVISOR, workers=2, **REMOTE) as server:
        children = _children(server.process.pid)
        server.process.kill()
        await server.process.wait()
        for _ in range(200):
            if not any(_lives(child) for child in children):
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("a worker outlived its supervisor")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


async def test_an_unreachable_server_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    async with channel_to(address) as channel:
        stub = health_stub(channel)
        error = await refusal(stub.Check(health_pb2.HealthCheckRequest(), timeout=2))
    assert error.code is grpc.StatusCode.UNAVAILABLE
