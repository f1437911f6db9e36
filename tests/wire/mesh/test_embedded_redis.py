"""The private Valkey: it starts, keeps its data, ends cleanly, and dies with its owner."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
import redis.asyncio

from servers.mesh.data_folder import DataFolder, DataFolderInUseError
from servers.mesh.embedded import start_embedded_redis
from servers.mesh.redis_clients import short_calls, waiting_calls
from tests.wire.mesh.running import until

OWNER = """
import pathlib, sys, time
from servers.mesh.embedded import start_embedded_redis
server = start_embedded_redis(pathlib.Path(sys.argv[1]))
print(server.process.pid, flush=True)
time.sleep(60)
"""
ROOT = Path(__file__).parents[3]


async def test_it_answers_at_once_keeps_its_data_and_ends_cleanly(tmp_path: Path) -> None:
    for expected in (None, b"value"):
        server = start_embedded_redis(tmp_path / "redis")
        client = short_calls(server.url)
        assert await client.get("key") == expected
        await client.set("key", "value")
        await client.aclose()
        server.stop()
        assert server.process.returncode == 0
        assert not server.address.exists()


async def test_a_folder_with_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    server = start_embedded_redis(tmp_path / ("d" * 120))
    client = short_calls(server.url)
    assert await client.ping()
    await client.aclose()
    server.stop()
    assert not server.address.parent.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_it_does_not_outlive_an_owner_that_is_killed(tmp_path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OWNER,
        str(tmp_path / "redis"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout
    pid = int(await owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    await owner.wait()
    await until(lambda: not _lives(pid))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_short_call_fails_fast_and_a_waiting_one_waits(tmp_path: Path) -> None:
    server = start_embedded_redis(tmp_path / "redis")
    short, waiting = short_calls(server.url), waiting_calls(server.url)
    try:
        with pytest.raises(redis.exceptions.TimeoutError):
            await short.blpop(["queue"], timeout=2)
        assert await waiting.blpop(["queue"], timeout=1) is None
    finally:
        await short.aclose()
        await waiting.aclose()
        server.stop()


def test_a_data_folder_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with pytest.raises(DataFolderInUseError, match="another process"):
        DataFolder(tmp_path / "data")
    folder.close()
    DataFolder(tmp_path / "data").close()
