"""`nectary risk suspects|show|confirm|release|allow`: who is listed, and what people do about it."""

from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.moments import optional_moment, parse_moment
from servers.mesh.cli.risk_words import subject_of
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb
from servers.mesh.cli.words import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nectary.risk.v1 import risk_pb2

Subject = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="member:ann, device:…, address:…; without a kind a member.")
]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
RequestId = Annotated[str | None, typer.Option(help="Makes a repeat harmless. Default: a new one.")]


def register(app: typer.Typer) -> None:
    """Adds what is about the list."""
    for name, handler in (
        ("suspects", suspects),
        ("show", show),
        ("confirm", confirm),
        ("release", release),
        ("allow", allow),
    ):
        verb(app, name)(handler)


async def suspects(
    session: Session,
    state: Annotated[
        list[str] | None, typer.Option(help="suspect, challenged, confirmed, released, allowed; repeatable.")
    ] = None,
    scene: Annotated[str, typer.Option(help="Listed in this scene.")] = "",
    appealing: Annotated[bool, typer.Option("--appealing", help="Whose appeal waits.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=500, help="The newest so many.")] = 50,
) -> None:
    """List who is on the list, the newest first."""
    from nectary.risk.v1 import risk_pb2

    states = [value_of(risk_pb2.SuspectState.DESCRIPTOR, one) for one in state or []]
    async with session.connect() as mesh:
        page = await mesh.risk.list_suspects(
            states=[risk_pb2.SuspectState.ValueType(one) for one in states],
            scene=scene,
            appealing=appealing,
            page_size=lines,
        )
    session.output.document(page)
    if session.output.as_json:
        return
    if not page.suspects:
        session.output.show("nobody is listed")
        return
    _show(session, page.suspects)
    if page.next_page_token:
        session.output.show(f"the newest {lines}; there are more")


async def show(session: Session, subject: Subject) -> None:
    """Show one subject, and how it came to where it is."""
    async with session.connect() as mesh:
        found = await mesh.risk.get_subject(subject_of(subject))
    session.output.document(found)
    if not session.output.as_json:
        from servers.mesh.cli.drawing.risk import history_lines

        _show(session, [found.suspect])
        session.output.show(*history_lines(found, session.zone))


async def confirm(
    session: Session,
    subject: Subject,
    reason: Reason,
    until: Annotated[str | None, typer.Option(help="Default: as long as rules would.")] = None,
    request_id: RequestId = None,
) -> None:
    """Put a subject on the blacklist. An appeal of it is rejected."""
    async with session.connect() as mesh:
        suspect = await mesh.risk.confirm_suspect(
            subject_of(subject),
            reason=reason,
            expire=optional_moment(until, session.zone),
            request_id=request_id,
        )
    _done(session, suspect)


async def release(session: Session, subject: Subject, reason: Reason, request_id: RequestId = None) -> None:
    """Let a listed subject go. An appeal of it is granted."""
    async with session.connect() as mesh:
        suspect = await mesh.risk.release_suspect(subject_of(subject), reason=reason, request_id=request_id)
    _done(session, suspect)


async def allow(
    session: Session,
    subject: Subject,
    reason: Reason,
    until: Annotated[str, typer.Option(help="Until this moment.")],
    rule: Annotated[str, typer.Option(help="Only this rule does not count.")] = "",
    request_id: RequestId = None,
) -> None:
    """Let a subject through, whatever rules say.

    `scene:identity.purchase` breaks the glass: in that scene everybody is let through.
    """
    async with session.connect() as mesh:
        suspect = await mesh.risk.allow_subject(
            subject_of(subject),
            reason=reason,
            expire=parse_moment(until, session.zone),
            rule_id=rule,
            request_id=request_id,
        )
    _done(session, suspect)


def _done(session: Session, suspect: "risk_pb2.Suspect") -> None:
    session.output.document(suspect)
    if not session.output.as_json:
        _show(session, [suspect])


def _show(session: Session, found: "Iterable[risk_pb2.Suspect]") -> None:
    from servers.mesh.cli.drawing.risk import suspects_table

    session.output.show(suspects_table(found, session.zone))
