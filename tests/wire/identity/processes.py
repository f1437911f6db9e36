"""Identity as a process of its own, started as operators start it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.wire.identity.mesh import Mesh, mesh_of

ROOT = Path(__file__).parents[3]
START_SECONDS = 30
STOP_SECONDS = 20


@asynccontextmanager
async def process_serving(
    store_url: str, redis_url: str, log: Path, **settings: object
) -> AsyncIterator[Mesh]:
    """A server on a database that is up to date. What it logs is in the file once this has ended."""
    chosen = {"listen_port": 0, "store_url": store_url, "redis_url": redis_url, **settings}
    environment = {f"NECTARY_{key.upper()}": str(value) for key, value in chosen.items()}
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "servers.mesh.cli", "serve", "identity"),
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "generated")])}
            | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            ready = await process.stdout.readline()
        assert ready, _end_of(log)
        mesh = mesh_of(json.loads(ready)["address"], store_url)
        async with mesh.channel:
            yield mesh
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _end_of(log: Path) -> str:
    return log.read_text()[-2000:]
