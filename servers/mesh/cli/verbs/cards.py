"""`nectary cards`: physical cards, whose codes are shown once."""

from typing import Annotated

import typer

from servers.mesh.cli.moments import optional_moment, parse_moment
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb


def register(app: typer.Typer) -> None:
    """Adds `create` and `void`."""
    verb(app, "create")(create)
    verb(app, "void")(void)


async def create(
    session: Session,
    sku: Annotated[str, typer.Argument(help="What each card gives.")],
    count: Annotated[int, typer.Argument(min=1, max=10_000)],
    source: Annotated[str, typer.Option(help="Who sells them.")],
    until: Annotated[str, typer.Option(help="They can be redeemed before this moment.")],
    since: Annotated[str | None, typer.Option(help="And from this one on. Default: at once.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
) -> None:
    """Make a batch of cards. The codes go to standard output, once: nobody can read them again.

    Losing the answer loses the codes: void the batch and make another.
    """
    async with session.connect() as mesh:
        answer = await mesh.catalog.create_card_batch(
            sku,
            source=source,
            count=count,
            activation_end=parse_moment(until, session.zone),
            activation_start=optional_moment(since, session.zone),
            request_id=request_id,
        )
    session.output.document(answer)
    if session.output.as_json:
        return
    if not answer.codes:
        session.output.errors.print(
            f"batch {answer.batch.batch_id} was made before; its codes were shown then"
        )
        return
    session.output.errors.print(f"batch {answer.batch.batch_id}: {answer.batch.count} cards")
    session.output.show(*answer.codes)


async def void(
    session: Session,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    batch: Annotated[str, typer.Option(help="A whole batch; or name codes.")] = "",
    codes: Annotated[list[str] | None, typer.Argument(metavar="CODE...")] = None,
) -> None:
    """Make unspent cards worthless. Cards that were redeemed stay so."""
    async with session.connect() as mesh:
        answer = await mesh.catalog.void_cards(reason=reason, batch_id=batch, codes=codes or [])
    session.output.document(answer)
    session.output.show(
        f"{answer.voided} void now, {answer.redeemed_before} redeemed before, {answer.unknown} unknown"
    )
