"""`nectary serve`: runs one service, several, or all of them in one process."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from servers.mesh.cli.exits import UsageError
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb


def register(app: typer.Typer) -> None:
    """Adds `serve`."""
    verb(app, "serve", local=True)(serve)


def serve(
    session: Session,
    slices: Annotated[
        list[str], typer.Argument(metavar="SLICE...|all", help="Which services: names, or all.")
    ],
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Port 0: any free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes on one port.")] = None,
    data_folder: Annotated[Path | None, typer.Option(help="Where the embedded run keeps its data.")] = None,
    test_clock: Annotated[
        bool | None, typer.Option("--test-clock", help="Let callers move the time.")
    ] = None,
    reflection: Annotated[str | None, typer.Option(help="auto, on or off.")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Where /metrics is; 0: any free port.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting.")
    ] = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Once it answers, a line of JSON on standard output says where: {"event":"ready","address":...}.
    Every setting can also stand in the file or in the environment, as NECTARY_<KEY>.
    """
    from servers.mesh.config import load

    chosen = {
        "workers": workers,
        "data_folder": None if data_folder is None else str(data_folder),
        "test_clock": test_clock,
        "reflection": reflection,
        "metrics_port": metrics_port,
    }
    overrides = {key: value for key, value in chosen.items() if value is not None}
    settings = load(config, os.environ, overrides | _listening(listen) | _settings(set_ or []))
    # The services take seconds to import: a wrong setting is told before.
    from servers.mesh.run import run

    run(settings, slices)


def _listening(place: str | None) -> dict[str, object]:
    """`127.0.0.1:50051`, `[::1]:50051` or `unix:/path` as settings."""
    if place is None:
        return {}
    if place.startswith("unix:"):
        return {"listen_host": place}
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdigit():
        raise UsageError(f"cannot listen on {place!r}", hint="HOST:PORT or unix:/path")
    return {"listen_host": host, "listen_port": int(port)}


def _settings(pairs: Sequence[str]) -> dict[str, object]:
    settings = dict(pair.partition("=")[::2] for pair in pairs)
    if without := [pair for pair in pairs if "=" not in pair]:
        raise UsageError(f"--set {without[0]}: KEY=VALUE is wanted")
    return {**settings}
