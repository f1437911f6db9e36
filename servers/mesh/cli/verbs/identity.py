"""`nectary identity`: upkeep of the Identity service's data, done on its database, not through its port."""

import importlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb


def register(app: typer.Typer) -> None:
    """Adds `rebuild`."""
    verb(app, "rebuild", local=True)(rebuild)


def rebuild(
    session: Session,
    config: Annotated[Path | None, typer.Option(help="The TOML file of the servers' settings.")] = None,
) -> None:
    """Drop what is computed from the events, and compute it again.

    The result is byte for byte what was there, unless that had been damaged.
    """
    from servers.mesh.config import load

    url = load(config, os.environ).store_url_of("identity")
    # By name: the mesh knows no slice, and each slice that can be rebuilt offers this module.
    slice_rebuild = importlib.import_module("servers.identity.rebuild").rebuild
    with session.output.progress("rebuild", None) as step:
        report = slice_rebuild(url, step)
    for name, value in asdict(report).items():
        session.output.show(f"{name.replace('_', ' ')}: {value}")
    session.output.document(asdict(report))
