"""A server as these tests see it: a process that is started in no time and dies when it is told."""

import asyncio
import json
import os
import select
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults import kill_points
from tests.faults.kill_points import Order

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
DEATH_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """A running `serve identity`."""

    pid: int
    pidfd: int
    """Becomes readable when the process is dead, whoever buries it."""
    address: str
    folder: Path

    def die_at(self, begins: str, number: int) -> None:
        """Have it die at that step: `kill_points.Order`."""
        Order(begins, number).give(self.folder)

    def stop_at(self, begins: str, number: int) -> None:
        """Have it sleep from that step on, until `wake`."""
        Order(begins, number, stops=True).give(self.folder)

    @property
    def is_asleep(self) -> bool:
        return "\nState:\tT" in Path(f"/proc/{self.pid}/status").read_text()

    def wake(self) -> None:
        """It counts no more steps."""
        kill_points.call_off(self.folder)
        signal.pidfd_send_signal(self.pidfd, signal.SIGCONT)

    def steps(self) -> list[str]:
        """What was counted since it was told to die."""
        return kill_points.steps_taken(self.folder)

    @property
    def is_dead(self) -> bool:
        return bool(select.select([self.pidfd], [], [], 0)[0])

    def kill(self) -> None:
        """As the power would. Returns when it is gone."""
        self._end(signal.SIGKILL)

    def begin_to_stop(self) -> None:
        """It drains from now on."""
        signal.pidfd_send_signal(self.pidfd, signal.SIGTERM)

    def stop(self) -> None:
        """As an operator would: it drains. Returns when it is gone."""
        self._end(signal.SIGTERM)

    async def death(self, seconds: float = DEATH_SECONDS) -> None:
        """Returns when it is dead. Raises TimeoutError if it lives on."""
        async with asyncio.timeout(seconds):
            for _ in iter(lambda: self.is_dead, True):
                await asyncio.sleep(0.002)

    def _end(self, number: signal.Signals) -> None:
        kill_points.call_off(self.folder)
        if not self.is_dead:
            signal.pidfd_send_signal(self.pidfd, number)
            if not select.select([self.pidfd], [], [], DEATH_SECONDS)[0]:
                raise TimeoutError(f"process {self.pid} does not end")


class Nursery:
    """Starts servers by way of a zygote, one after the other, and ends those that are left."""

    def __init__(self, zygote: asyncio.subprocess.Process, folder: Path) -> None:
        self._zygote = zygote
        self._folder = folder
        self._born: list[Server] = []

    async def start(self, **settings: object) -> Server:
        """A server with these settings that answers. An order from before is called off."""
        kill_points.call_off(self._folder)
        return await self.start_doomed(**settings)

    async def start_doomed(self, **settings: object) -> Server:
        """As `start`, under the order that stands in the folder."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        # Crowds of one address are what Risk is there to refuse; its own faults have tests of their own.
        chosen = {"listen_port": 0, "drain_grace_seconds": 3, "risk": "off", **settings}
        line = json.dumps({key: str(value) for key, value in chosen.items()})
        self._zygote.stdin.write(f"{line}\n".encode())
        async with asyncio.timeout(START_SECONDS):
            answer = await self._zygote.stdout.readline()
        assert answer, self.log()
        ready = json.loads(answer)
        server = Server(ready["pid"], os.pidfd_open(ready["pid"]), ready["address"], self._folder)
        self._born.append(server)
        return server

    def doom(self, begins: str, number: int) -> None:
        """For a server that is started afterwards with `start_doomed`."""
        Order(begins, number).give(self._folder)

    def log(self) -> str:
        """The end of what all servers logged."""
        return (self._folder / "log").read_text()[-4000:]

    def end(self) -> None:
        for server in self._born:
            server.kill()
            os.close(server.pidfd)


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """A zygote and whatever it gives birth to, all gone at the end."""
    with tempfile.TemporaryDirectory(prefix="nectary-faults-") as name:
        folder = Path(name)
        with (folder / "log").open("wb") as log:
            zygote = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.zygote", str(folder)),
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "generated")])},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        young = Nursery(zygote, folder)
        try:
            yield young
        finally:
            young.end()
            assert zygote.stdin is not None
            zygote.stdin.close()
            await asyncio.wait_for(zygote.wait(), DEATH_SECONDS)
