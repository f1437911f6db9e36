"""`nectary doctor`: what is reachable, which versions, and what is misconfigured."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import Exit
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from rich.text import Text

    from servers.mesh.cli.doctor.finding import Finding

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def register(app: typer.Typer) -> None:
    """Adds `doctor`."""
    verb(app, "doctor")(doctor)


async def doctor(
    session: Session,
    config: Annotated[Path | None, typer.Option(help="The TOML file of the servers' settings.")] = None,
    health: Annotated[
        bool, typer.Option("--health", help="Only ask the server whether it serves, for containers.")
    ] = False,
) -> Exit | None:
    """Look at the mesh and at this machine. Exit status 1 if anything fails."""
    from servers.mesh.cli.doctor.remote import is_serving, look_at_mesh

    async with session.connect() as mesh:
        if health:
            return None if await is_serving(mesh) else Exit.FAILED
        findings: list[Finding] = []
        async for finding in look_at_mesh(session, mesh):
            _show(session, findings, finding)
    from servers.mesh.cli.doctor.local import look_at_machine

    async for finding in look_at_machine(config):
        _show(session, findings, finding)
    worst = _worst(findings)
    session.output.document({"verdict": worst, "findings": [asdict(finding) for finding in findings]})
    return Exit.FAILED if worst == "fail" else None


def _show(session: Session, findings: "list[Finding]", finding: "Finding") -> None:
    """At once: the next look may take its time."""
    findings.append(finding)
    if not session.output.as_json:
        session.output.show(_line(finding))


def _line(finding: "Finding") -> "Text":
    from rich.text import Text

    from servers.mesh.cli.output import plain

    text = Text(f"{finding.level:<4} ", style=_COLOURS[finding.level])
    text.append(f"{finding.what}: {plain(finding.detail)}", style="default")
    if finding.hint:
        text.append(f"\n     {finding.hint}", style="dim")
    return text


def _worst(findings: "Sequence[Finding]") -> str:
    levels = {finding.level for finding in findings}
    return next(level for level in ("fail", "warn", "ok") if level in levels)
