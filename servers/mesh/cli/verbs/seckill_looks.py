"""`nectary seckill list|show|watch|reconcile|orders`: how flash sales stand."""

from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import Exit, UsageError
from servers.mesh.cli.output import plain
from servers.mesh.cli.sale_words import item_text, order_line, state_text, stock_text, window_text
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb
from servers.mesh.cli.words import money, value_of, word_of

if TYPE_CHECKING:
    from rich.table import Table

    from nectary.seckill.v1 import activity_service_pb2

Activity = Annotated[str, typer.Argument(metavar="ACTIVITY", help="The activity's id.")]
Lines = Annotated[int, typer.Option("--lines", "-n", min=1, max=500, help="The newest so many.")]


def register(app: typer.Typer) -> None:
    """Adds what only looks; `reconcile` may mend the gate."""
    verb(app, "list")(list_activities)
    for handler in (show, orders, reconcile):
        verb(app, handler.__name__)(handler)


async def list_activities(
    session: Session,
    state: Annotated[str, typer.Option(help="draft, published or closed.")] = "",
    lines: Lines = 50,
) -> None:
    """List activities, the latest opening first."""
    from nectary.seckill.v1 import seckill_pb2

    number = value_of(seckill_pb2.ActivityState.DESCRIPTOR, state) if state else 0
    async with session.connect() as mesh:
        wanted = seckill_pb2.ActivityState.ValueType(number)
        page = await mesh.activities.list_activities(wanted, page_size=lines)
    session.output.document(page)
    if session.output.as_json:
        return
    for one in page.activities:
        state_word, window = state_text(one.state), window_text(session, one.settings)
        title = plain(one.settings.title)
        session.output.show(f"{one.activity_id}  {state_word}  {window}  {one.settings.stock} units  {title}")
    if not page.activities:
        session.output.show("no activities")
    if page.next_page_token:
        session.output.show(f"the newest {lines}; there are more")


async def show(session: Session, activity: Activity) -> None:
    """Show one activity, and how much of it is taken."""
    async with session.connect() as mesh:
        found = await mesh.activities.get_activity(activity)
    session.output.document(found)
    if session.output.as_json:
        return
    settings = found.activity.settings
    session.output.show(
        plain(f"{found.activity.activity_id}: {settings.title}"),
        f"{state_text(found.activity.state)}, revision {found.activity.revision}",
        f"{window_text(session, settings)}, to be paid in {settings.payment_timeout.seconds} s",
        f"{item_text(settings.item)} for {money(settings.price)}, {settings.member_limit} a member",
        stock_text(found.stock),
    )
    for part, left in zip(settings.tranches, found.stock.tranches, strict=True):
        who = ", ".join(part.sku_ids) or "everybody"
        session.output.show(f"  {left.number}: {left.taken} of {left.stock} taken, for {who}")


async def orders(
    session: Session,
    member: Annotated[str, typer.Option(help="Of this member.")] = "",
    activity: Annotated[str, typer.Option(help="Of this activity.")] = "",
    lines: Lines = 50,
) -> None:
    """List orders, the newest first."""
    if not member and not activity:
        raise UsageError("whose orders?", hint="--member, --activity, or both")
    async with session.connect() as mesh:
        page = await mesh.seckill.list_orders(member_id=member, activity_id=activity, page_size=lines)
    session.output.document(page)
    for one in page.orders:
        session.output.show(order_line(session, one))
    if not page.orders:
        session.output.show("no orders")


async def reconcile(
    session: Session,
    activity: Activity,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend the gate; the database never changes.")
    ] = False,
) -> Exit | None:
    """Compare the gate in Redis with the orders in the database.

    Exit status 1 if they differ and nothing was repaired.
    """
    async with session.connect() as mesh:
        found = await mesh.activities.reconcile(activity, repair=repair)
    session.output.document(found)
    if not session.output.as_json:
        _show_reconciliation(session, found)
    return Exit.FAILED if found.difference_counts and not found.repaired else None


def _show_reconciliation(session: Session, found: "activity_service_pb2.ReconcileResponse") -> None:
    from nectary.seckill.v1 import seckill_pb2

    kinds = seckill_pb2.DifferenceKind.DESCRIPTOR
    session.output.show(stock_text(found.stock))
    if found.gate:
        session.output.show(_gate_table(found))
    for count in found.difference_counts:
        session.output.show(f"{count.count:,} x {word_of(kinds, count.kind)}")
    for one in found.differences:
        if one.member_id:
            told = f"  {word_of(kinds, one.kind)}: {one.member_id} {one.request_id}, {one.units} units"
            session.output.show(plain(told))
    if found.difference_counts:
        session.output.show("repaired" if found.repaired else "not repaired: --repair does it")
    else:
        session.output.show("gate and database agree")


def _gate_table(found: "activity_service_pb2.ReconcileResponse") -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("tranche", "stock", "left", "claimed", "held", "ordered"):
        table.add_column(heading, justify="right")
    for one in found.gate:
        figures = (one.number, one.stock, one.left, one.claimed, one.held, one.ordered)
        table.add_row(*(f"{figure:,}" for figure in figures))
    return table
