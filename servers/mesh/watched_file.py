"""A file that is read again when it changes, and whose last good content stays if the new one is bad."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")
CHECK_SECONDS = 1.0

_log = structlog.get_logger("nectary.files")


class WatchedFile(Generic[T]):
    """Content of a file, parsed. A bad file at start is an error; later it is only reported."""

    def __init__(self, path: Path, parse: Callable[[str], T]) -> None:
        """Reads the file. Raises OSError or ValueError if it cannot be read or parsed."""
        self.name = str(path)
        self._path = path
        self._parse = parse
        self._stamp = _stamp(path)
        self._content = parse(path.read_text("utf-8"))

    def current(self) -> T:
        """The last good content."""
        return self._content

    def refresh(self) -> bool:
        """Reads the file if it changed since the last try, and says whether its content is now in use."""
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            self._content = self._parse(self._path.read_text("utf-8"))
        except Exception as error:
            # Whatever a file can be made to raise, the process must go on with what it has.
            _log.error("a changed file is bad, the last good one stays", file=self.name, error=str(error))
            return False
        _log.info("a changed file is in use", file=self.name)
        return True

    async def watch(self) -> None:
        """Looks for changes every second, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self.refresh()


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    # The inode too: a file that is moved into place can keep its size and time.
    return status.st_mtime_ns, status.st_size, status.st_ino
