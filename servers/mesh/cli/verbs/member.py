"""`nectary member show|preview|explain`: looks at a member without changing anything."""

from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import Exit
from servers.mesh.cli.moments import optional_moment
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb
from servers.mesh.cli.words import value_of

if TYPE_CHECKING:
    from clients import Purchase

Member = Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")]
Sku = Annotated[str, typer.Argument(metavar="SKU", help="What is bought.")]
Source = Annotated[str, typer.Option(help="Who sells or gives it.")]
Channel = Annotated[str, typer.Option(help="How it is got: app-purchase, gift, operator, ...")]


def register(app: typer.Typer) -> None:
    """Adds `show`, `preview` and `explain`."""
    verb(app, "show")(show)
    verb(app, "preview")(preview)
    verb(app, "explain")(explain)


async def show(
    session: Session,
    member: Member,
    as_of: Annotated[str | None, typer.Option(help="Only what was effective by this moment.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Only what we knew by this moment.")] = None,
) -> None:
    """Draw a member's timeline.

    One row of bars a lane, and a table of all terms below.
    """
    moment, known = optional_moment(as_of, session.zone), optional_moment(known_at, session.zone)
    async with session.connect() as mesh:
        timeline = await mesh.identity.get_timeline(member, as_of=moment, known_at=known)
        now = moment or await mesh.now()
    session.output.document(timeline)
    if session.output.as_json:
        return
    from servers.mesh.cli.drawing.timeline import show_timeline

    show_timeline(session.output.console, timeline, now=now, zone=session.zone)


async def preview(
    session: Session,
    member: Member,
    sku: Sku,
    source: Source = "shop",
    channel: Channel = "app-purchase",
) -> None:
    """Say what a purchase would do and cost, without doing it."""
    async with session.connect() as mesh:
        answer = await mesh.identity.preview_purchase(purchase_of(member, sku, source, channel))
    session.output.document(answer)
    if session.output.as_json:
        return
    from servers.mesh.cli.effects import purchase_lines

    session.output.show(*purchase_lines(answer.effect, session.zone))


async def explain(
    session: Session,
    member: Member,
    sku: Sku,
    source: Source = "shop",
    channel: Channel = "app-purchase",
) -> Exit | None:
    """Hold a purchase against every rule.

    Says of each how it ends. Exit status 3 if the purchase is refused.
    """
    async with session.connect() as mesh:
        answer = await mesh.identity.explain_purchase(purchase_of(member, sku, source, channel))
    session.output.document(answer)
    if not session.output.as_json:
        from servers.mesh.cli.effects import explanation

        session.output.show(*explanation(answer, session.zone))
    return None if answer.accepted else Exit.REFUSED


def purchase_of(member: str, sku: str, source: str, channel: str) -> "Purchase":
    """The purchase that a command line names. Raises UsageError for an unknown channel."""
    from clients import Purchase
    from nectary.identity.v1 import catalog_pb2

    value = value_of(catalog_pb2.AcquisitionChannel.DESCRIPTOR, channel)
    return Purchase(member, sku, source, catalog_pb2.AcquisitionChannel.ValueType(value))
