"""Files that are read again: F-41, a rule file that is invalid, half written or absent at reload."""

import os
from pathlib import Path

import pytest

from servers.mesh.watched_file import WatchedFile


def write(path: Path, text: str) -> None:
    path.write_text(text)
    # Two writes within one tick of the file system's clock look alike.
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))


def test_a_changed_file_is_used_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "n"
    write(path, "1")
    file = WatchedFile(path, int)
    assert not file.refresh()
    write(path, "22")
    assert file.refresh()
    assert file.current() == 22


@pytest.mark.parametrize("bad", ["two", ""])
def test_a_bad_change_leaves_the_last_good_content(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "n"
    write(path, "1")
    file = WatchedFile(path, int)
    write(path, bad)
    assert not file.refresh()
    assert file.current() == 1
    write(path, "333")
    assert file.refresh()
    assert file.current() == 333


def test_a_file_that_vanishes_leaves_the_last_good_content(tmp_path: Path) -> None:
    path = tmp_path / "n"
    write(path, "1")
    file = WatchedFile(path, int)
    path.unlink()
    assert not file.refresh()
    assert file.current() == 1


def test_at_start_a_bad_or_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        WatchedFile(tmp_path / "none", int)
    write(tmp_path / "n", "one")
    with pytest.raises(ValueError, match="invalid literal"):
        WatchedFile(tmp_path / "n", int)
