"""`nectary demo`: the mesh shows what it does, and checks itself while it does it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import CommandError, Exit
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from servers.mesh.cli.demo.check import Check
    from servers.mesh.cli.replay.report import ReplayReport

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
    """Tell a worked story on a private mesh, and check it.

    Five scenes, thousands of real purchases, and a flash sale in which ten thousand members want a thousand
    cards; every figure is compared with what it must be.
    Exit status 1 if a figure is wrong or a timeline differs from the naive oracle's.
    """
    catalog, purchases = EXAMPLES / "nectary.example.yaml", EXAMPLES / "purchases.csv"
    if not catalog.is_file():
        raise CommandError("the examples are not installed", hint="run it from a checkout: make demo")
    figures = await _story(session, catalog)
    played = await _replay(session, catalog, purchases, QUICK_ROWS if quick else None)
    sold = await _flash_sale(session, catalog, quick=quick)
    good = all(figure.passed for figure in (*figures, *sold)) and not played.differs
    session.output.document(
        {
            "good": good,
            "figures": [figure.as_data() for figure in figures],
            "replay": played.as_data(),
            "flash_sale": [figure.as_data() for figure in sold],
        }
    )
    session.output.show("Every figure is as expected." if good else "NOT everything is as expected.")
    return None if good else Exit.FAILED


async def _story(session: Session, catalog: Path) -> "list[Check]":
    """Chapter one."""
    from servers.mesh.cli.demo.check import check_table, checks
    from servers.mesh.cli.demo.figures import EXPECTED
    from servers.mesh.cli.demo.scenes import SCENES
    from servers.mesh.cli.demo.story import Story, local
    from servers.mesh.cli.messages import read_catalog
    from servers.mesh.cli.private_mesh import private_mesh

    session.output.show("Starting a private mesh: SQLite and Valkey in a temporary folder.")
    async with private_mesh() as mesh:
        story = Story(mesh, session.output)
        await mesh.clock.set(local("2026-11-22 09:00"), frozen=True)
        await mesh.catalog.apply_catalog(read_catalog(catalog))
        for scene in SCENES:
            await scene(story)
    figures = checks(story.seen, EXPECTED)
    story.tell("The figures", "Every figure of the story, beside what was worked out by hand.")
    session.output.show(check_table(figures), "")
    return figures


async def _replay(session: Session, catalog: Path, purchases: Path, limit: int | None) -> "ReplayReport":
    """Chapter two, on a mesh of its own, for it plays thirty years earlier."""
    from rich.panel import Panel

    from servers.mesh.cli.private_mesh import private_mesh
    from servers.mesh.cli.replay.play import play
    from servers.mesh.cli.replay.report import report_lines

    text = (
        "6,919 purchases that 2,357 customers of a music shop made in 1997 and 1998. Each buys the card that "
        "its amount stands for, on its day. Then every timeline is compared with that of a second, naive "
        "implementation."
    )
    session.output.show(Panel(text, title="Chapter two: real purchases", title_align="left", width=80))
    async with private_mesh() as mesh:
        played = await play(mesh, session.output, purchases, catalog, limit=limit)
    if not session.output.as_json:
        session.output.show(*report_lines(played), "")
    return played


async def _flash_sale(session: Session, catalog: Path, *, quick: bool) -> "list[Check]":
    """Chapter three, on a mesh of its own."""
    from servers.mesh.cli.demo.flash_sale import CARDS, MEMBERS, flash_sale
    from servers.mesh.cli.messages import read_catalog
    from servers.mesh.cli.private_mesh import private_mesh

    part = QUICK_PART if quick else 1
    async with private_mesh() as mesh:
        await mesh.catalog.apply_catalog(read_catalog(catalog))
        return await flash_sale(mesh, session.output, MEMBERS // part, CARDS // part)
