"""`nectary seckill create|change|publish|close|reserve|cancel`: what operators do with flash sales."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servers.mesh.cli.exits import UsageError
from servers.mesh.cli.moments import parse_moment
from servers.mesh.cli.sale_words import order_line, state_text
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb
from servers.mesh.cli.words import money

if TYPE_CHECKING:
    from nectary.seckill.v1 import seckill_pb2

Activity = Annotated[str, typer.Argument(metavar="ACTIVITY", help="The activity's id.")]
RequestId = Annotated[str | None, typer.Option(help="Makes a repeat harmless. Default: a new one.")]
Expect = Annotated[int, typer.Option(help="Refuse if the revision is another. 0: any.", min=0)]


def register(app: typer.Typer) -> None:
    """Adds what changes something."""
    for handler in (create, change, publish, close, reserve, cancel):
        verb(app, handler.__name__)(handler)


async def create(
    session: Session,
    file: Annotated[Path, typer.Argument(help="A YAML or JSON file: `activity_id:` and `settings:`.")],
    publish: Annotated[
        bool, typer.Option("--publish", help="Let it sell within its window at once.")
    ] = False,
    request_id: RequestId = None,
) -> None:
    """Make a draft of an activity, as a file declares it."""
    from servers.mesh.cli.messages import read_activity

    wanted = read_activity(file)
    if wanted.request_id:
        raise UsageError("the request id is no part of an activity", hint="give it as --request-id")
    async with session.connect() as mesh:
        activity = await mesh.activities.create_activity(
            wanted.activity_id, wanted.settings, request_id=request_id
        )
        if publish:
            activity = await mesh.activities.publish_activity(activity.activity_id)
    _tell(session, activity)


async def change(
    session: Session,
    activity: Activity,
    stock: Annotated[int | None, typer.Option(help="All units; never fewer than are taken.", min=1)] = None,
    until: Annotated[str | None, typer.Option(help="Sell until this moment.")] = None,
    title: Annotated[str | None, typer.Option(help="Its name for people.")] = None,
    expect: Expect = 0,
    request_id: RequestId = None,
) -> None:
    """Change an activity, also while it sells."""
    from clients.times import timestamp_of
    from nectary.seckill.v1 import seckill_pb2

    changed: dict[str, Any] = {"stock": stock, "title": title}
    if until is not None:
        changed["close_time"] = timestamp_of(parse_moment(until, session.zone))
    given = {name: value for name, value in changed.items() if value is not None}
    if not given:
        raise UsageError("nothing to change", hint="--stock, --until or --title")
    async with session.connect() as mesh:
        after = await mesh.activities.update_activity(
            activity,
            seckill_pb2.ActivitySettings(**given),
            list(given),
            expected_revision=expect,
            request_id=request_id,
        )
    _tell(session, after)


async def publish(
    session: Session, activity: Activity, expect: Expect = 0, request_id: RequestId = None
) -> None:
    """Let a draft sell within its window."""
    async with session.connect() as mesh:
        after = await mesh.activities.publish_activity(
            activity, expected_revision=expect, request_id=request_id
        )
    _tell(session, after)


async def close(session: Session, activity: Activity, request_id: RequestId = None) -> None:
    """End a sale for ever. Reserved orders may still be paid."""
    async with session.connect() as mesh:
        after = await mesh.activities.close_activity(activity, request_id=request_id)
    _tell(session, after)


async def reserve(
    session: Session,
    activity: Activity,
    member_id: Annotated[str, typer.Argument(metavar="MEMBER", help="For whom.")],
    quantity: Annotated[int, typer.Option(help="How many units.", min=1, max=100)] = 1,
    scene: Annotated[str, typer.Option(help="From where, if the activity asks.")] = "",
    request_id: RequestId = None,
) -> None:
    """Reserve units for a member, to try a sale out."""
    async with session.connect() as mesh:
        found = await mesh.seckill.reserve_unit(
            activity, member_id, quantity=quantity, scene=scene, request_id=request_id
        )
    session.output.document(found)
    if session.output.as_json:
        return
    from clients.times import datetime_of

    until = session.moment(datetime_of(found.expire_time))
    session.output.show(f"order {found.order_id}: {money(found.payable)}, to be paid until {until}")


async def cancel(
    session: Session,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's id.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    request_id: RequestId = None,
) -> None:
    """Cancel an unpaid order, and give its units back."""
    async with session.connect() as mesh:
        after = await mesh.seckill.cancel_order(order, reason=reason, request_id=request_id)
    session.output.document(after)
    if not session.output.as_json:
        session.output.show(order_line(session, after))


def _tell(session: Session, activity: "seckill_pb2.Activity") -> None:
    session.output.document(activity)
    if session.output.as_json:
        return
    state = state_text(activity.state)
    session.output.show(f"{activity.activity_id} is {state}, revision {activity.revision}")
