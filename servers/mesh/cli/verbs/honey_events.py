"""`nectary honey record|refund`: what members did that earns points, and refunds of orders."""

from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import UsageError
from servers.mesh.cli.moments import optional_moment
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nectary.honey.v1 import earning_service_pb2

ITEM_HINT = "tea=1999, or tea=1999+50 if 50 points were paid with it"


def register(app: typer.Typer) -> None:
    """Adds what records events and refunds."""
    for handler in (record, refund):
        verb(app, handler.__name__)(handler)


async def record(
    session: Session,
    scene: Annotated[str, typer.Argument(help="What was done: order.paid, sign_in …")],
    member: Annotated[str, typer.Argument(help="By whom.")],
    event: Annotated[str, typer.Option(help="Its id; of an order: the order's.")],
    item: Annotated[
        list[str] | None, typer.Option(metavar="ITEM=MINOR[+POINTS]", help=f"What was paid: {ITEM_HINT}.")
    ] = None,
    currency: Annotated[str, typer.Option(help="In what items were paid.")] = "CNY",
    at: Annotated[str | None, typer.Option(help="When it happened. Default: now.")] = None,
    ordered: Annotated[str | None, typer.Option(help="When it was ordered. Default: then, too.")] = None,
    channel: Annotated[str, typer.Option(help="By which channel.")] = "",
    merchant: Annotated[str, typer.Option(help="With which merchant.")] = "",
    spend: Annotated[str, typer.Option(help="The spend of the points that items were paid with.")] = "",
    programme: Annotated[str, typer.Option(help="Which points.")] = "honey",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
) -> None:
    """Record an event: the rules of its scene give what they give, once for each event id."""
    from clients.times import timestamp_of
    from nectary.honey.v1 import earning_service_pb2 as pb

    told = pb.EarningEvent(
        event_id=event,
        scene=scene,
        event_time=timestamp_of(optional_moment(at, session.zone)),
        order_time=timestamp_of(optional_moment(ordered, session.zone)),
        channel=channel,
        merchant_id=merchant,
        currency=currency if item else "",
        items=[
            pb.OrderItem(item_id=name, paid_minor=minor, spent_points=points)
            for name, minor, points in map(_parsed, item or ())
        ],
        spend_transaction_id=spend,
    )
    async with session.connect() as mesh:
        if not at:
            told.event_time.FromDatetime(await mesh.now())
        if dry_run:
            evaluated = await mesh.earning.evaluate_event(programme, member, told)
            session.output.document(evaluated)
            if not session.output.as_json:
                session.output.show(*_verdicts(evaluated.verdicts), "nothing is recorded")
            return
        answer = await mesh.earning.record_event(programme, member, told, request_id=request_id)
    session.output.document(answer)
    if not session.output.as_json:
        lots = [f"{lot.lot_id}  {lot.earned_points:,} points" for lot in answer.lots]
        session.output.show(*_verdicts(answer.verdicts), *lots)


async def refund(
    session: Session,
    order: Annotated[str, typer.Argument(help="The order: its event's id.")],
    items: Annotated[list[str], typer.Argument(metavar="ITEM=MINOR…", help="How much of which item.")],
    programme: Annotated[str, typer.Option(help="Which points.")] = "honey",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
) -> None:
    """Refund items of an order: what they earned is taken back, what was spent on them comes back."""
    refunds = {name: minor for name, minor, _ in map(_parsed, items)}
    async with session.connect() as mesh:
        answer = await mesh.wallets.refund_order_items(
            programme, order, refunds, reason=reason, request_id=request_id
        )
    session.output.document(answer)
    if session.output.as_json:
        return
    if answer.awaits_order:
        session.output.show("nothing is known of this order yet: it counts once the order comes")
        return
    session.output.show(
        f"{answer.taken_back_points:,} taken back, {answer.given_back_points:,} given back",
        *(
            f"{one.item_id}: refunded {one.refunded_minor:,}, still earned {one.earned_points:,}"
            f" and spent {one.spent_points:,}"
            for one in answer.items
        ),
    )


def _parsed(text: str) -> tuple[str, int, int]:
    """`tea=1999+50`: the item, minor units, points. Raises UsageError."""
    name, _, amounts = text.partition("=")
    minor, _, points = amounts.partition("+")
    if not (name and minor.isdecimal() and (points or "0").isdecimal()):
        raise UsageError(f"cannot read {text!r} as an item", hint=ITEM_HINT)
    return name, int(minor), int(points or 0)


def _verdicts(verdicts: "Iterable[earning_service_pb2.RuleVerdict]") -> list[str]:
    from nectary.honey.v1 import earning_service_pb2 as pb
    from servers.mesh.cli.words import word_of

    return [
        f"{one.points:>12,}  {one.rule_id} {one.version}: {word_of(pb.RuleOutcome.DESCRIPTOR, one.outcome)}"
        f" ({one.because})"
        for one in verdicts
    ]
