"""A mesh of our own for a while: a child process in a temporary folder, under a clock that we move."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import orjson

from clients import Internal
from servers.mesh.child import die_with_parent
from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.session import Mesh, open_mesh

START_SECONDS = 60.0
STOP_SECONDS = 20.0
LOG_LINES = 15


@asynccontextmanager
async def private_mesh(settings: Mapping[str, str] | None = None) -> AsyncIterator[Mesh]:
    """Starts `nectary serve all --test-clock` on a free port of loopback and ends it, whatever happens.

    `settings` are set beside the defaults of the embedded run.
    Raises CommandError with the end of its log if it does not come up within 60 s.
    """
    with tempfile.TemporaryDirectory(prefix="nectary-") as name, _ended_by_sigterm():
        folder = Path(name)
        process = await _start(folder, settings or {})
        try:
            async with open_mesh(await _address(process, folder)) as mesh:
                yield mesh
        except Internal as error:
            # The log goes with the folder, and it alone says what happened, once it is written out.
            await _stop(process)
            raise CommandError(str(error), hint=_end_of_log(folder)) from error
        finally:
            await _stop(process)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does: with everything put away."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def _start(folder: Path, settings: Mapping[str, str]) -> asyncio.subprocess.Process:
    options = ["--listen", "127.0.0.1:0", "--data-folder", str(folder / "data"), "--test-clock"]
    for key, value in settings.items():
        options += ["--set", f"{key}={value}"]
    with (folder / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "servers.mesh.cli", "serve", "all", *options),
            # What this shell is set to belongs to somebody's real mesh.
            env={key: value for key, value in os.environ.items() if not key.startswith("NECTARY_")},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            # A Ctrl-C at the terminal reaches us alone, and we end it.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )


async def _address(process: asyncio.subprocess.Process, folder: Path) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if not line:
        raise CommandError("the private mesh did not start", hint=_end_of_log(folder))
    return str(orjson.loads(line)["address"])


def _end_of_log(folder: Path) -> str:
    return "\n".join((folder / "log").read_text("utf-8", "replace").splitlines()[-LOG_LINES:])


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
