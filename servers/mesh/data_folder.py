"""The folder of the embedded run, which belongs to one process at a time."""

import fcntl
from pathlib import Path
from typing import IO


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

    def close(self) -> None:
        self._lock.close()
