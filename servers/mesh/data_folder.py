"""The folder of the embedded run, which belongs to one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import IO

_ADDRESS = "address"


class DataFolderInUseError(Exception):
    """Another process keeps its data in this folder."""


class DataFolder:
    """Holds the folder until it is closed or the process ends, however it ends.

    SQLite has one writer and the embedded Redis one owner of its files: two processes on one folder
    would take turns at best and destroy each other's data at worst.
    """

    def __init__(self, path: Path) -> None:
        """Makes the folder if it is missing. Raises DataFolderInUseError, or OSError if it cannot be made."""
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock: IO[str] = (path / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise DataFolderInUseError(f"another process uses the data folder {path}") from error
        (path / _ADDRESS).unlink(missing_ok=True)

    def announce(self, address: str) -> None:
        """Leaves word where this process listens, for those who look for it by its folder."""
        (self.path / _ADDRESS).write_text(f"{os.getpid()} {address}")

    def close(self) -> None:
        self._lock.close()


def running_address(folder: Path) -> str | None:
    """Where the process that holds this folder listens; None if there is none, or it listens not yet."""
    try:
        pid, address = (folder / _ADDRESS).read_text().split(maxsplit=1)
        # Not by trying the lock: a server that starts at this moment would find it taken.
        return address if _lives(int(pid)) else None
    except (OSError, ValueError):
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # as another user's process
    return True
