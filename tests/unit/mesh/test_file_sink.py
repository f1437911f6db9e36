"""The event log on disk: whole lines, files of a bounded size, and a disk that may be full (F-38)."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import orjson
import pytest

from servers.mesh.judging.file_sink import FileSink
from servers.mesh.judging.outlet import Line

MakeSink = Callable[..., FileSink]


@pytest.fixture
async def make_sink(tmp_path: Path) -> AsyncIterator[MakeSink]:
    sinks: list[FileSink] = []

    def make(max_bytes: int = 1_000_000, kept_files: int = 3) -> FileSink:
        sinks.append(FileSink(tmp_path / "log" / "risk.jsonl", max_bytes=max_bytes, kept_files=kept_files))
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close()


def lines(first: int, count: int) -> list[Line]:
    return [
        Line(orjson.dumps({"number": number, "fill": "x" * 50}), True)
        for number in range(first, first + count)
    ]


def numbers(path: Path) -> list[int]:
    return [orjson.loads(line)["number"] for line in path.read_bytes().splitlines()]


async def test_a_full_file_is_moved_aside_and_the_oldest_goes(make_sink: MakeSink, tmp_path: Path) -> None:
    sink = make_sink(max_bytes=1_000, kept_files=2)
    for first in range(0, 50, 10):
        await sink.write(lines(first, 10))

    log = tmp_path / "log"
    kept = {path.name: numbers(path) for path in log.glob("risk.jsonl*") if not path.name.endswith("lock")}
    assert kept == {
        "risk.jsonl": list(range(40, 50)),
        "risk.jsonl.1": list(range(30, 40)),
        "risk.jsonl.2": list(range(20, 30)),
    }


async def test_several_processes_share_a_file_without_losing_a_line(
    make_sink: MakeSink, tmp_path: Path
) -> None:
    """Sinks that know nothing of each other: a lock is between open files, whoever has them."""
    sinks = [make_sink(max_bytes=2_000, kept_files=100) for _ in range(4)]
    await asyncio.gather(*(sinks[n % 4].write(lines(n * 10, 10)) for n in range(40)))
    paths = [path for path in (tmp_path / "log").glob("risk.jsonl*") if not path.name.endswith("lock")]
    assert sorted(number for path in paths for number in numbers(path)) == list(range(400))
    assert all(path.stat().st_size <= 2_000 for path in paths)


async def test_f38_a_full_disk_raises_and_the_lines_come_when_there_is_room(
    make_sink: MakeSink, tmp_path: Path
) -> None:
    path = tmp_path / "log" / "risk.jsonl"
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    sink = make_sink()
    with pytest.raises(OSError, match=r"\[Errno (28|22)\]"):
        await sink.write(lines(0, 3))
    path.unlink()
    await sink.write(lines(0, 3))
    assert numbers(path) == [0, 1, 2]


FULL = """
import asyncio, resource, sys
from pathlib import Path
from servers.mesh.judging.file_sink import FileSink
from servers.mesh.judging.outlet import Line

async def main():
    sink = FileSink(Path(sys.argv[1]), max_bytes=10**9, kept_files=1)
    await sink.write([Line(b"first", True)])
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))
    try:
        await sink.write([Line(b"x" * 100, True)])
    except OSError:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await sink.write([Line(b"second", True)])
    sink.close()

asyncio.run(main())
"""


def test_f38_half_a_line_that_a_full_disk_took_is_cut_off_again(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: what fits is written, the rest is not."""
    path = tmp_path / "risk.jsonl"
    subprocess.run([sys.executable, "-c", FULL, str(path)], check=True, cwd=Path(__file__).parents[3])
    assert path.read_bytes() == b"first\nsecond\n"


STUCK = """
import asyncio, sys
from pathlib import Path
from servers.mesh.judging.file_sink import FileSink
from servers.mesh.judging.log import EventLog
from servers.mesh.judging.outlet import Outlet
from tests.unit.mesh.records import a_refusal

async def main():
    sink = FileSink(Path(sys.argv[1]), max_bytes=10**9, kept_files=1)
    log = EventLog([Outlet(sink)])
    log.start()
    log.put(a_refusal())
    await log.close(seconds=0.5)
    sink.close()

asyncio.run(main())
"""


def test_f38_a_process_ends_although_its_disk_does_not_answer(tmp_path: Path) -> None:
    """A pipe without a reader stands for the disk."""
    pipe = tmp_path / "risk.jsonl"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", STUCK, str(pipe)]
    ended = subprocess.run(
        command, check=True, timeout=30, capture_output=True, cwd=Path(__file__).parents[3]
    )
    assert b"event_log_ends_unwritten" in ended.stdout
