"""`nectary replay`: real purchases through a mesh, on the days on which they were made."""

from pathlib import Path
from typing import Annotated

import typer

from servers.mesh.cli.exits import Exit
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb


def register(app: typer.Typer) -> None:
    """Adds `replay`."""
    verb(app, "replay")(replay)


async def replay(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file of purchases.")],
    config: Annotated[Path, typer.Option(help="A YAML file: the catalogue, and a document `replay:`.")],
    report: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Every refused row goes there.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many rows.")] = None,
    compare: Annotated[bool, typer.Option(help="Compare every timeline with the naive oracle.")] = True,
) -> Exit | None:
    """Send a file of purchases through a mesh.

    Each row buys the card that its amount stands for, on its date, under a test clock. Runs in a private
    mesh that is thrown away, unless --target names one that serves its clock. Exit status 1 if any timeline
    differs from the oracle's; refused rows are reported, not failures.
    """
    from servers.mesh.cli.private_mesh import private_mesh
    from servers.mesh.cli.replay.play import play
    from servers.mesh.cli.replay.report import report_lines, write_refusals

    meshes = session.connect() if session.asked_target else private_mesh()
    async with meshes as mesh:
        played = await play(mesh, session.output, file, config, limit=limit, comparing=compare)
    if report is not None:
        write_refusals(report, played.refusals)
    session.output.document(played.as_data())
    if not session.output.as_json:
        session.output.show(*report_lines(played))
    return Exit.FAILED if played.differs else None
