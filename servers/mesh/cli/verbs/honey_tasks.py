"""`nectary honey tasks|task`: what members may do, how far they are, and what it brings."""

from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from nectary.honey.v1 import task_rules_pb2, task_service_pb2

WIDTH = 20
"""Of a progress bar, in characters."""

Programme = Annotated[str, typer.Option(help="Which points.")]
Lines = Annotated[int, typer.Option("--lines", "-n", min=1, max=500, help="At most so many.")]


def register(app: typer.Typer) -> None:
    """Adds what looks at tasks."""
    for handler in (tasks, task):
        verb(app, handler.__name__)(handler)


async def tasks(
    session: Session,
    member: Annotated[str, typer.Argument(help="Whose progress.")],
    programme: Programme = "honey",
    lines: Lines = 50,
) -> None:
    """Draw how far a member is with the tasks that are open, and until when."""
    from clients.times import datetime_of

    async with session.connect() as mesh:
        page = await mesh.tasks.list_tasks(programme, member, page_size=lines)
    session.output.document(page)
    if session.output.as_json:
        return
    for one in page.tasks:
        said = f"{one.task.title}: {_reward(one.task.reward)}  ({one.task.task_id})"
        if one.progress.HasField("period_end_time"):
            said += f"  until {session.moment(datetime_of(one.progress.period_end_time))}"
        session.output.show(f"{_bar(one.progress)}  {said}")
    if not page.tasks:
        session.output.show("no tasks")
    if page.next_page_token:
        session.output.show(f"the first {lines}; there are more")


async def task(
    session: Session,
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="Which.")],
    member: Annotated[str, typer.Argument(help="Whose progress.")],
    programme: Programme = "honey",
    lines: Lines = 50,
) -> None:
    """Draw how far a member came with one task, the newest period first."""
    from clients.times import datetime_of

    async with session.connect() as mesh:
        page = await mesh.tasks.get_task(programme, task_id, member, page_size=lines)
    session.output.document(page)
    if session.output.as_json:
        return
    for version in page.versions:
        since = session.moment(datetime_of(version.open_time))
        session.output.show(
            f"version {version.version}, from {since}: {version.title}: {_reward(version.reward)}"
        )
    for one in page.progress:
        session.output.show(f"{_bar(one)}  from {session.moment(datetime_of(one.period_start_time))}")
    if page.next_page_token:
        session.output.show(f"the newest {lines}; there are more")


def _bar(progress: "task_service_pb2.TaskProgress") -> str:
    """`[########            ]     2 of 5`."""
    done = WIDTH * progress.value // progress.target
    return f"[{'#' * done}{' ' * (WIDTH - done)}]  {progress.value:,} of {progress.target:,}"


def _reward(reward: "task_rules_pb2.Reward") -> str:
    match reward.WhichOneof("reward"):
        case "points":
            return f"{reward.points:,} points"
        case "benefit_id":
            return f"benefit {reward.benefit_id}"
        case _:
            return f"{reward.membership_days.days} days of {reward.membership_days.sku_id}"
