"""The independent checker, in a process of its own: a figure of a sale that broke an invariant is void."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.checking.said import Found, Said, write_log
from benchmarks.measuring.children import ROOT


class Void(AssertionError):
    """An invariant was broken; the message says which, and by what row."""


def require_sound(
    store_url: str, redis_url: str, entries: Iterable[Said | Found], watched: Sequence[str]
) -> None:
    """Raises Void with the checker's words."""
    with tempfile.TemporaryDirectory(prefix="nectary-log-") as folder:
        log = Path(folder) / "said"
        write_log(log, entries)
        command = [sys.executable, "-m", "benchmarks.checking", "--store", store_url, "--redis", redis_url]
        options = [word for activity in watched for word in ("--watched", activity)]
        done = subprocess.run(
            [*command, *options, "--log", str(log)], capture_output=True, text=True, check=False, cwd=ROOT
        )
    if done.returncode:
        raise Void(f"the run is void:\n{done.stdout}{done.stderr}")
