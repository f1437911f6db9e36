"""Server processes under test: started as operators start them, ended by their id."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring.cpu import cpu_seconds
from benchmarks.measuring.load import Driven
from benchmarks.measuring.rounds import Sample
from servers.mesh.child import die_with_parent

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 20


@dataclass(frozen=True)
class Child:
    """A server that answers."""

    pid: int
    address: str

    def sample(self, work: Callable[[], Driven]) -> tuple[Sample, Driven]:
        """What some work asked of this server cost it."""
        before = cpu_seconds(self.pid)
        driven = work()
        spent = cpu_seconds(self.pid) - before
        return Sample(len(driven.answers), driven.seconds, spent), driven


@contextmanager
def child(module: str, *arguments: str, settings: Mapping[str, object] | None = None) -> Iterator[Child]:
    """`python -m module arguments`, which says on its first line where it listens.

    `settings` are Nectary's own. Raises RuntimeError with the end of its log if it does not start.
    """
    own = {key: value for key, value in os.environ.items() if not key.startswith("NECTARY_")}
    given = {f"NECTARY_{key.upper()}": str(value) for key, value in (settings or {}).items()}
    path = os.pathsep.join([str(ROOT), str(ROOT / "generated")])
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=own | given | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # started from the main thread
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                log.seek(0)
                raise RuntimeError(f"{module} did not start:\n{log.read().decode()[-2000:]}")
            yield Child(process.pid, json.loads(line)["address"])
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
