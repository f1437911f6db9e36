"""`nectary seckill watch`: a sale as it goes."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.sale_words import state_text, stock_text
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from rich.progress import Progress

    from clients import ActivityClient
    from nectary.seckill.v1.activity_service_pb2 import WatchStockResponse

PATIENCE_SECONDS = 30.0
"""So long a mesh may be away that was there."""
PAUSE_SECONDS = 0.5
_CLOSED = 3


def register(app: typer.Typer) -> None:
    """Adds `watch`."""
    verb(app, "watch")(watch)


async def watch(
    session: Session,
    activity: Annotated[str, typer.Argument(metavar="ACTIVITY", help="The activity's id.")],
    until_sold: Annotated[
        bool, typer.Option("--until-sold", help="End when it is sold out or closed, not with Ctrl-C.")
    ] = False,
) -> None:
    """Show how much is taken, as it changes. With --json a line a change."""
    async with session.connect() as mesh:
        seen = _seen(mesh.activities, activity)
        if session.output.as_json or not session.output.console.is_terminal:
            async for answer in seen:
                _print(session, answer)
                if until_sold and _is_over(answer):
                    return
            return
        with _bar(session) as bar:
            task = bar.add_task(activity, total=None, state="")
            async for answer in seen:
                stock, state = answer.stock, state_text(answer.state)
                bar.update(task, total=stock.stock, completed=stock.taken, state=state)
                if until_sold and _is_over(answer):
                    return


async def _seen(client: "ActivityClient", activity_id: str) -> AsyncIterator["WatchStockResponse"]:
    """What the stream says, which is opened again when its deadline has passed or its server goes down.

    Raises Unavailable if nothing is heard for PATIENCE_SECONDS, or of a mesh that was never there.
    """
    from clients import DeadlineExceeded, Unavailable

    heard = float("-inf")
    while True:
        try:
            async for answer in client.watch_stock(activity_id):
                heard = time.monotonic()
                yield answer
        except DeadlineExceeded:
            continue
        except Unavailable:
            if time.monotonic() - heard > PATIENCE_SECONDS:
                raise
            await asyncio.sleep(PAUSE_SECONDS)


def _is_over(answer: "WatchStockResponse") -> bool:
    return answer.stock.taken == answer.stock.stock or answer.state == _CLOSED


def _print(session: Session, answer: "WatchStockResponse") -> None:
    session.output.line(answer)
    if session.output.as_json:
        return
    from clients.times import datetime_of

    moment = session.moment(datetime_of(answer.stock.read_time))
    session.output.show(f"{moment}  {stock_text(answer.stock)}  {state_text(answer.state)}")


def _bar(session: Session) -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
        console=session.output.console,
    )
