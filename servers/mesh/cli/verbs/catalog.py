"""`nectary catalog`: what is sold, kept as a file and applied as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import Exit
from servers.mesh.cli.moments import optional_moment
from servers.mesh.cli.output import plain
from servers.mesh.cli.session import Mesh, Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from nectary.identity.v1 import catalog_pb2, catalog_service_pb2

File = Annotated[Path, typer.Argument(help="A YAML or JSON file; its first document is the catalogue.")]
_SIGNS = {1: ("+", "green"), 2: ("~", "yellow"), 3: ("-", "red")}


def register(app: typer.Typer) -> None:
    """Adds `plan`, `apply` and `show`."""
    verb(app, "plan")(plan)
    verb(app, "apply")(apply)
    verb(app, "show")(show)


async def plan(session: Session, file: File) -> Exit | None:
    """Say what applying a file would change, or everything that is wrong with it.

    Exit status 2 if there are changes, 0 if there are none, 1 if it contradicts itself.
    """
    async with session.connect() as mesh:
        answer = await _planned(mesh, _read(file))
    _show_changes(session, answer, f"would become revision {answer.revision}")
    return Exit.CHANGES if answer.changes else None


async def apply(
    session: Session,
    file: File,
    expect: Annotated[int, typer.Option(help="Refuse if the revision is another. 0: any.")] = 0,
) -> None:
    """Replace the catalogue by a file's.

    Terms and orders keep the versions that they cite.
    """
    wanted = _read(file)
    async with session.connect() as mesh:
        await _planned(mesh, wanted, expect)
        answer = await mesh.catalog.apply_catalog(wanted, expected_revision=expect)
    _show_changes(session, answer, f"revision {answer.revision} is in force")


async def show(
    session: Session,
    at: Annotated[str | None, typer.Option(help="The catalogue in force at a moment. Default: now.")] = None,
) -> None:
    """Show the catalogue in force."""
    async with session.connect() as mesh:
        answer = await mesh.catalog.get_catalog(optional_moment(at, session.zone))
    session.output.document(answer)
    if session.output.as_json:
        return
    from clients.times import datetime_of

    session.output.show(
        f"Revision {answer.revision}, in force since {session.moment(datetime_of(answer.effective_time))}",
        _sku_table(answer.catalog),
        f"{len(answer.catalog.relations)} relations, {len(answer.catalog.rules)} rules",
    )


def _read(file: Path) -> "catalog_pb2.Catalog":
    from servers.mesh.cli.messages import read_catalog

    return read_catalog(file)


async def _planned(
    mesh: Mesh, wanted: "catalog_pb2.Catalog", expected_revision: int = 0
) -> "catalog_service_pb2.ApplyCatalogResponse":
    """What applying would change.

    Raises InvalidRequest as applying would, but with every violation: a status has room for few.
    """
    import grpc

    from clients import InvalidRequest, Violation

    answer = await mesh.catalog.apply_catalog(wanted, validate_only=True, expected_revision=expected_revision)
    if answer.violations:
        omitted = answer.violations_omitted
        raise InvalidRequest(
            grpc.StatusCode.INVALID_ARGUMENT,
            "the catalogue contradicts itself",
            reason="CATALOG_INCONSISTENT",
            metadata={"violations_omitted": str(omitted)} if omitted else None,
            violations=[Violation(one.field, one.reason, one.description) for one in answer.violations],
        )
    return answer


def _show_changes(session: Session, answer: "catalog_service_pb2.ApplyCatalogResponse", verdict: str) -> None:
    session.output.document(answer)
    if session.output.as_json:
        return
    session.output.show(*(_line(change) for change in answer.changes))
    session.output.show(*(f"warning: {plain(warning)}" for warning in answer.warnings))
    count = len(answer.changes)
    changes = "1 change" if count == 1 else f"{count} changes"
    session.output.show(f"{changes}; {verdict}" if count else "no changes")


def _line(change: "catalog_pb2.CatalogChange") -> "Text":
    from rich.text import Text

    sign, colour = _SIGNS.get(change.kind, ("?", ""))
    text = Text(f"{sign} {plain(change.item)}", style=colour)
    for field in change.fields:
        text.append(f"\n    {plain(field)}", style="default")
    return text


def _sku_table(catalog: "catalog_pb2.Catalog") -> "Table":
    from rich.table import Table

    from servers.mesh.cli.words import money, period

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("SPU", "SKU", "rank", "lasts", "price", "title"):
        table.add_column(heading, no_wrap=heading != "title")
    for sku in sorted(catalog.skus, key=lambda sku: (sku.spu_id, -sku.rank)):
        lasts = "fixed period" if sku.HasField("fixed_period") else period(sku.duration)
        table.add_row(sku.spu_id, sku.sku_id, str(sku.rank), lasts, money(sku.price), plain(sku.title))
    return table
