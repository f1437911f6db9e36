"""`nectary demo`: the mesh shows what it does, and checks itself while it does it."""

from pathlib import Path
from typing import Annotated

import typer

from servers.mesh.cli.exits import CommandError, Exit
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

EXAMPLES = Path(__file__).parents[4] / "examples"
QUICK_ROWS = 500
QUICK_PART = 10


def register(app: typer.Typer) -> None:
    """Adds `demo`."""
    verb(app, "demo", local=True)(demo)


async def demo(
    session: Session,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the first 500 purchases, and a tenth of the crowd.")
    ] = False,
) -> Exit | None:
    """Tell a worked story on private meshes, and check it.

    Cards; a burst of calls and what becomes of who made it; thousands of real purchases; points that are
    earned, held, spent and owed; a flash sale in which ten thousand members want a thousand cards. Every
    figure is compared with what it must be. Exit status 1 if one is wrong, or a timeline differs from the
    oracle's.
    """
    catalog = EXAMPLES / "nectary.example.yaml"
    if not catalog.is_file():
        raise CommandError("the examples are not installed", hint="run it from a checkout: make demo")
    from servers.mesh.cli.demo import chapters

    output, limit = session.output, QUICK_ROWS if quick else None
    figures = await chapters.cards(output, catalog)
    figures += await chapters.abuse(output, EXAMPLES / "risk.demo.yaml")
    played = await chapters.purchases(output, EXAMPLES / "purchases.csv", catalog, limit)
    figures += await chapters.points(output, EXAMPLES / "honey.example.yaml")
    figures += await chapters.crowd(output, catalog, QUICK_PART if quick else 1)
    good = all(figure.passed for figure in figures) and not played.differs
    output.document(
        {"good": good, "figures": [figure.as_data() for figure in figures], "replay": played.as_data()}
    )
    output.show("Every figure is as expected." if good else "NOT everything is as expected.")
    return None if good else Exit.FAILED
