"""`nectary member grant|refund|reinstate|pause|resume|extend`: changes to a member's cards."""

from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import CommandError, UsageError
from servers.mesh.cli.moments import optional_moment
from servers.mesh.cli.session import Mesh, Session
from servers.mesh.cli.term_ids import find_term
from servers.mesh.cli.verb import verb
from servers.mesh.cli.verbs.member import Member, Source
from servers.mesh.cli.words import parse_period, value_of

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from nectary.identity.v1 import identity_pb2

Term = Annotated[
    str, typer.Argument(metavar="TERM", help="The term's id, or its beginning as `member show` prints it.")
]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
RequestId = Annotated[str | None, typer.Option(help="Makes a repeat harmless. Default: a new one.")]
FULL_PPM = 1_000_000


def register(app: typer.Typer) -> None:
    """Adds the verbs that change something."""
    for name, handler in (
        ("grant", grant),
        ("refund", refund),
        ("reinstate", reinstate),
        ("pause", pause),
        ("resume", resume),
        ("extend", extend),
    ):
        verb(app, name)(handler)


async def grant(
    session: Session,
    member: Member,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="What is given.")],
    reason: Reason = "",
    source: Source = "operations",
    channel: Annotated[str, typer.Option(help="How it is got.")] = "operator",
    cause: Annotated[str, typer.Option(metavar="KIND", help="operator, gift, task, ...")] = "operator",
    cause_id: Annotated[
        str | None, typer.Option(help="One cause gives one term. Default: a new one.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Pins the start; it stays there.")] = None,
    effective: Annotated[str | None, typer.Option(help="As if given at this past moment.")] = None,
    request_id: RequestId = None,
) -> None:
    """Give a card that was not bought here."""
    from clients.request_ids import new_request_id
    from nectary.identity.v1 import catalog_pb2, identity_pb2

    kind = value_of(identity_pb2.CauseKind.DESCRIPTOR, cause)
    got = value_of(catalog_pb2.AcquisitionChannel.DESCRIPTOR, channel)
    async with session.connect() as mesh:
        answer = await mesh.identity.grant_term(
            member,
            sku,
            source=source,
            channel=catalog_pb2.AcquisitionChannel.ValueType(got),
            cause=identity_pb2.Cause(
                kind=identity_pb2.CauseKind.ValueType(kind), id=cause_id or new_request_id()
            ),
            start=optional_moment(start, session.zone),
            effective=optional_moment(effective, session.zone),
            reason=reason,
            request_id=request_id,
        )
        await _show(session, mesh, answer, answer.timeline)


async def refund(
    session: Session,
    member: Member,
    term: Term,
    reason: Reason = "refund",
    refund_id: Annotated[str | None, typer.Option(help="As the payment side names it. Default: new.")] = None,
    at: Annotated[str | None, typer.Option(help="From when. Default: now.")] = None,
    percent: Annotated[
        float, typer.Option(help="How much of the remaining time.", min=0.0001, max=100)
    ] = 100,
    keep_time: Annotated[bool, typer.Option("--keep-time", help="Only the money; the time stays.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    request_id: RequestId = None,
) -> None:
    """End a card and pay it back.

    Says what that does, asks, does it.
    """
    from clients.request_ids import new_request_id
    from nectary.identity.v1 import identity_pb2

    moment = optional_moment(at, session.zone)
    share_ppm = round(percent / 100 * FULL_PPM)
    keep, shorten = identity_pb2.PARTIAL_REFUND_MODE_KEEP, identity_pb2.PARTIAL_REFUND_MODE_SHORTEN
    mode = keep if keep_time else shorten
    async with session.connect() as mesh:
        term_id = await find_term(mesh, member, term)
        if not yes:
            effect = await mesh.identity.preview_termination(
                member, term_id, effective=moment, share_ppm=share_ppm, partial_mode=mode
            )
            _ask(session, effect)
        answer = await mesh.identity.terminate_term(
            member,
            term_id=term_id,
            refund_id=refund_id or new_request_id(),
            reason=reason,
            effective=moment,
            share_ppm=share_ppm,
            partial_mode=mode,
            request_id=request_id,
        )
        await _show(session, mesh, answer, answer.timeline)


async def reinstate(
    session: Session,
    member: Member,
    refund_id: Annotated[str, typer.Argument(metavar="REFUND", help="The refund's id.")],
    reason: Reason = "",
    request_id: RequestId = None,
) -> None:
    """Undo a refund, as if it had never been."""
    async with session.connect() as mesh:
        answer = await mesh.identity.reinstate_term(member, refund_id, reason=reason, request_id=request_id)
        await _show(session, mesh, answer, answer.timeline)


async def pause(
    session: Session, member: Member, term: Term, reason: Reason = "", request_id: RequestId = None
) -> None:
    """Stop a running card now; its rest waits."""
    async with session.connect() as mesh:
        term_id = await find_term(mesh, member, term)
        answer = await mesh.identity.pause_term(member, term_id, reason=reason, request_id=request_id)
        await _show(session, mesh, answer, answer.timeline)


async def resume(session: Session, member: Member, term: Term, request_id: RequestId = None) -> None:
    """Let a paused card run on from now."""
    async with session.connect() as mesh:
        term_id = await find_term(mesh, member, term)
        answer = await mesh.identity.resume_term(member, term_id, request_id=request_id)
        await _show(session, mesh, answer, answer.timeline)


async def extend(
    session: Session,
    member: Member,
    term: Term,
    by: Annotated[str, typer.Argument(help="12h, 30d, 3m (months) or 1y.")],
    reason: Reason = "extension",
    request_id: RequestId = None,
) -> None:
    """Add time directly behind a card."""
    async with session.connect() as mesh:
        term_id = await find_term(mesh, member, term)
        answer = await mesh.identity.extend_term(
            member, term_id, parse_period(by), reason=reason, request_id=request_id
        )
        await _show(session, mesh, answer, answer.timeline)


def _ask(session: Session, effect: "identity_pb2.TerminationEffect") -> None:
    """Shows what would happen and goes on only if that is wanted. Raises CommandError if not."""
    if session.output.as_json:
        raise UsageError("with --json nobody can be asked", hint="look with `member show`, then add --yes")
    from servers.mesh.cli.effects import termination_lines

    session.output.show(*termination_lines(effect, session.zone))
    try:
        if not typer.confirm("Do it?"):
            raise CommandError("nothing was done")
    except typer.Abort as error:
        raise CommandError("nothing was done: nobody answered", hint="--yes does not ask") from error


async def _show(session: Session, mesh: Mesh, answer: "Message", timeline: "identity_pb2.Timeline") -> None:
    """The timeline afterwards."""
    session.output.document(answer)
    if session.output.as_json:
        return
    from servers.mesh.cli.drawing.timeline import show_timeline

    show_timeline(session.output.console, timeline, now=await mesh.now(), zone=session.zone)
