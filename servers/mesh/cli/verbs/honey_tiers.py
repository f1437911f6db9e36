"""`nectary honey tier`: which tier a member has, until when, and what the next one takes."""

from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.moments import optional_moment
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from nectary.honey.v1 import tier_service_pb2


def register(app: typer.Typer) -> None:
    """Adds `tier`."""
    verb(app, "tier")(tier)


async def tier(
    session: Session,
    member: Annotated[str, typer.Argument(help="Whose.")],
    programme: Annotated[str, typer.Option(help="Which points.")] = "honey",
    at: Annotated[str | None, typer.Option(help="At a moment. Default: now.")] = None,
    preview: Annotated[int, typer.Option(min=0, help="And with so many points more.")] = 0,
) -> None:
    """Show the tier of a member."""
    async with session.connect() as mesh:
        if preview:
            answer = await mesh.tiers.preview_tier(programme, member, preview)
            session.output.document(answer)
            shown = [answer.tier, answer.would_be]
        else:
            found = await mesh.tiers.get_tier(programme, member, as_of=optional_moment(at, session.zone))
            session.output.document(found)
            shown = [found]
    if not session.output.as_json:
        session.output.show(*(_line(session, one) for one in shown))


def _line(session: Session, found: "tier_service_pb2.TierStatus") -> str:
    from clients.times import datetime_of

    until = session.moment(datetime_of(found.until_time)) if found.HasField("until_time") else "for ever"
    above = f"{found.missing_points:,} more for {found.next_tier_id}" if found.next_tier_id else "the highest"
    risk = ", at risk" if found.at_risk else ""
    return f"{found.tier_id} until {until}{risk}: {found.points:,} points count, {above}"
