"""The event log as a file of JSON lines, which is moved aside when it is full.

A disk may be full, and it may not answer at all: so it is written to by one thread that does nothing else.
Lines are left to the system to bring to the disk: a crash of the process loses none that were written, the
loss of power may.
"""

import asyncio
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

from servers.mesh.judging.outlet import Line


class _Task(NamedTuple):
    """Something to write, and who waits for it."""

    text: bytes
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class FileSink:
    """Appends to `path`. Several processes may share it.

    A file that would grow above `max_bytes` becomes `path.1`, that one `path.2`, and so on; beside the
    newest, `kept_files` are kept.
    """

    name = "file"

    def __init__(self, path: Path, *, max_bytes: int, kept_files: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._kept_files = kept_files
        self._tasks = SimpleQueue[_Task | None]()
        # No executor: at its end the interpreter would wait for a thread that waits for the disk.
        Thread(target=self._work, name="event log file", daemon=True).start()

    async def write(self, lines: Sequence[Line]) -> int:
        """Raises OSError: then the file is as before, if the disk lets it be cut."""
        text = b"".join(line.text + b"\n" for line in lines)
        loop = asyncio.get_running_loop()
        task = _Task(text, loop, loop.create_future())
        self._tasks.put(task)
        await task.done
        return 0

    def close(self) -> None:
        """Ends the thread, unless the disk holds it: then it ends with the process."""
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            error = None
            try:
                self._append(task.text)
            except Exception as failure:
                error = failure
            # A loop that is closed has nobody left who waits.
            with suppress(RuntimeError):
                task.loop.call_soon_threadsafe(_settle, task.done, error)

    def _append(self, text: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self._size() + len(text) > self._max_bytes:
                self._move_aside()
            self._append_whole(text)

    def _append_whole(self, text: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            before, rest = os.fstat(file).st_size, memoryview(text)
            try:
                while rest:
                    rest = rest[os.write(file, rest) :]
            except OSError:
                # A full disk takes half a line: what comes next must not be glued to it.
                os.ftruncate(file, before)
                raise
        finally:
            os.close(file)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def _move_aside(self) -> None:
        """Rename the newest last, so that each step can be killed and run again."""
        for number in range(self._kept_files, 0, -1):
            older = self._named(number)
            younger = self._named(number - 1) if number > 1 else self._path
            if younger.exists():
                younger.replace(older)
        if not self._kept_files:
            self._path.unlink(missing_ok=True)

    def _named(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keeps other processes from moving the file while this one writes."""
        lock = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
