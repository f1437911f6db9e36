"""Starts server processes in a tenth of a second each, for tests that kill hundreds of them.

    python -m tests.faults.zygote FOLDER

It imports everything that `nectary serve` does, installs the kill points and waits. Each line on standard
input, the settings as a JSON object, makes it fork: the child runs `servers.mesh.run` with them, which is
what the verb runs, and says on the common standard output where it listens. gRPC is imported and not yet
used here, so that forking is safe.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

from servers.mesh.config import load
from servers.mesh.run import run
from tests.faults.kill_points import install

LAZILY_IMPORTED = (
    "sqlalchemy.dialects.mysql.asyncmy",
    "sqlalchemy.dialects.mysql.pymysql",
    "alembic.command",
)


def main(folder: Path) -> None:
    """Serves until standard input ends."""
    for module in LAZILY_IMPORTED:
        importlib.import_module(module)
    install(folder)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are buried by the kernel
    for line in iter(sys.stdin.readline, ""):
        if os.fork() == 0:
            _serve(json.loads(line))


def _serve(settings: dict[str, str]) -> None:
    """In the child, which never returns. `slices` among the settings says what it serves."""
    slices = settings.pop("slices", "identity").split(",")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    try:
        run(load(None, {f"NECTARY_{key.upper()}": value for key, value in settings.items()}), slices)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
