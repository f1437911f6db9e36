"""`nectary migrate`: brings the databases to the schema that this version needs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb


def register(app: typer.Typer) -> None:
    """Adds `migrate`."""
    verb(app, "migrate", local=True)(migrate)


def migrate(
    session: Session,
    to: Annotated[str, typer.Option(help="The step to go to; steps only add.")] = "head",
    config: Annotated[Path | None, typer.Option(help="The TOML file of the servers' settings.")] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Only print the statements.")] = False,
) -> None:
    """Bring the database's schema up to date.

    The database is that of the settings. Nothing happens if it is up to date. Safe to run twice and from
    several machines at once. The embedded run does it by itself.
    """
    from servers.mesh.config import load
    from servers.mesh.wiring import SLICES
    from servers.store import migrations

    loaded = load(config, os.environ)
    urls = list(dict.fromkeys(loaded.store_url_of(service) for service in SLICES))
    if sql:
        print(migrations.as_sql(urls[0], to))
        return
    if loaded.store_url == "embedded":
        loaded.data_folder.mkdir(parents=True, exist_ok=True)
    steps = []
    with session.output.progress("migrate", len(urls)) as step:
        for url in urls:
            before = migrations.current(url)
            migrations.migrate(url, to)
            steps.append((before, migrations.current(url)))
            step()
    for before, after in steps:
        session.output.show(f"{before or 'empty'} -> {after}" if before != after else f"{after}: up to date")
    session.output.document({"databases": [{"before": before, "after": after} for before, after in steps]})
