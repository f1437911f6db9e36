"""Runs `nectary` as people do, with an environment of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from typer.testing import CliRunner

from servers.mesh.cli.app import make_app

EXAMPLES = Path(__file__).parents[3] / "examples"
CATALOG = EXAMPLES / "nectary.example.yaml"
SCREEN = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1"}
NECTARY = [sys.executable, "-m", "servers.mesh.cli"]


@dataclass(frozen=True)
class Ended:
    """A command that ran."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Any:
        return json.loads(self.err)["error"]


def environment(**variables: str) -> dict[str, str]:
    """Without this shell's own settings."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("NECTARY_")}
    return {**plain, **SCREEN, **variables}


@dataclass(frozen=True)
class Nectary:
    """The command, pointed at one server."""

    target: str
    data_folder: Path

    def __call__(self, *arguments: str, answer: str = "") -> Ended:
        where = {"NECTARY_TARGET": self.target, "NECTARY_DATA_FOLDER": str(self.data_folder)}
        return nectary(*arguments, answer=answer, **where)

    def json(self, *arguments: str) -> Ended:
        return self(*arguments, "--json")


def nectary(*arguments: str, answer: str = "", **variables: str) -> Ended:
    """Runs a command in this process: to start one takes longer than all that a command does.

    `answer` is typed when it asks.
    """
    none_of_ours = {key: None for key in os.environ if key.startswith("NECTARY_")}
    result = CliRunner().invoke(
        make_app(), arguments, input=answer, env={**none_of_ours, **SCREEN, **variables}
    )
    return Ended(result.exit_code, result.stdout, result.stderr)


def nectary_process(*arguments: str, **variables: str) -> Ended:
    """Runs a command as a shell does."""
    done = subprocess.run(
        [*NECTARY, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment(**variables),
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def following(target: str, *arguments: str) -> Iterator[IO[str]]:
    """A command that goes on until we have seen enough of its lines."""
    process = subprocess.Popen(
        [*NECTARY, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(NECTARY_TARGET=target),
        # Whoever runs the tests in the background has a shell that lets them ignore it, and their children.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        process.stdout.close()


@contextmanager
def serving(folder: Path, listen: str = "127.0.0.1:0") -> Iterator[Nectary]:
    """A server with a test clock, as `nectary serve` starts it."""
    options = ["--listen", listen, "--data-folder", str(folder), "--test-clock"]
    with (folder.parent / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*NECTARY, "serve", "all", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder.parent / "serve.log").read_text()
        yield Nectary(json.loads(line)["address"], folder)
    finally:
        process.terminate()
        assert process.wait(30) == 0
        if process.stdout is not None:
            process.stdout.close()
