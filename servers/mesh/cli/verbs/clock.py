"""`nectary clock`: reads and moves the clock of a server that was started with `--test-clock`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from servers.mesh.cli.moments import parse_duration, parse_moment
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

Frozen = Annotated[bool, typer.Option("--frozen", help="Then it stands still until it is moved.")]


def register(app: typer.Typer) -> None:
    """Adds `get`, `set` and `advance`."""
    verb(app, "get")(get)
    verb(app, "set")(set_)
    verb(app, "advance")(advance)


async def get(session: Session) -> None:
    """Read the clock."""
    async with session.connect() as mesh:
        _show(session, await mesh.clock.now())


async def set_(
    session: Session,
    moment: Annotated[str, typer.Argument(help="2027-01-31, or 2027-01-31T10:00 with or without offset.")],
    frozen: Frozen = False,
) -> None:
    """Set the clock; what falls due on the way is done before this returns."""
    async with session.connect() as mesh:
        _show(session, await mesh.clock.set(parse_moment(moment, session.zone), frozen=frozen))


async def advance(
    session: Session, by: Annotated[str, typer.Argument(help="90s, 15m, 36h, 30d, 2w or 1d12h.")]
) -> None:
    """Move the clock on."""
    async with session.connect() as mesh:
        _show(session, await mesh.clock.advance(parse_duration(by)))


def _show(session: Session, now: datetime) -> None:
    session.output.show(f"{session.moment(now)} {session.zone_name}")
    session.output.document({"time": now.astimezone(UTC).isoformat().replace("+00:00", "Z")})
