"""`nectary risk top`: who is near which limit, or over it, as it happens."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.moments import parse_duration
from servers.mesh.cli.risk_words import state_text, subject_text
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from rich.table import Table

    from nectary.risk.v1 import risk_pb2

_NOT_SET, _NOT_LISTED = 0, 1
"""States of a subject of which there is nothing to say."""
_HOT, _WARM = 1.0, 0.8
"""Shares of a limit from which on a line is red, or yellow."""


def register(app: typer.Typer) -> None:
    """Adds `top`."""
    verb(app, "top")(top)


async def top(
    session: Session,
    period: Annotated[str, typer.Option(help="By the calls of the last so long.")] = "60s",
    scene: Annotated[str, typer.Option(help="Of this scene.")] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=200, help="So many at most.")] = 20,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.2, max=60)] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, and end.")] = False,
) -> None:
    """Show who uses most of a limit, again and again until Ctrl-C.

    On a terminal in place; else, and with --json, one look after the other.
    """
    async with session.connect() as mesh:

        async def look() -> "Sequence[risk_pb2.HotSubject]":
            return await mesh.risk.list_hot_subjects(period=parse_duration(period), scene=scene, limit=lines)

        if once or session.output.as_json or not session.output.console.is_terminal:
            while True:
                _print(session, await look())
                if once:
                    return
                await asyncio.sleep(every)
        from rich.live import Live

        with Live(_table(await look()), console=session.output.console, auto_refresh=False) as live:
            while True:
                await asyncio.sleep(every)
                live.update(_table(await look()), refresh=True)


def _print(session: Session, found: "Sequence[risk_pb2.HotSubject]") -> None:
    for one in found:
        session.output.line(one)
    if not session.output.as_json:
        session.output.show(_table(found))


def _table(found: "Sequence[risk_pb2.HotSubject]") -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("subject", "rule", "used", "calls", "refused", "state"):
        is_number = heading in {"calls", "refused"}
        table.add_column(heading, no_wrap=True, justify="right" if is_number else "left")
    for one in found:
        share = one.used / one.units if one.units else _HOT
        is_listed = one.state not in {_NOT_SET, _NOT_LISTED}
        table.add_row(
            subject_text(one.subject),
            one.rule_id,
            f"{one.used}/{one.units}",
            str(one.calls),
            str(one.refused),
            state_text(one.state) if is_listed else "",
            style="red" if share >= _HOT or one.refused else "yellow" if share >= _WARM else "",
        )
    return table
