"""`nectary honey rules`: the rules of points, kept as a file and applied as a whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import Exit
from servers.mesh.cli.output import plain
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from nectary.honey.v1 import earning_service_pb2, honey_pb2

File = Annotated[Path, typer.Argument(help="A YAML or JSON file; its first document is the rules.")]


def register(app: typer.Typer) -> None:
    """Adds `plan`, `apply` and `show`."""
    for handler in (plan, apply, show):
        verb(app, handler.__name__)(handler)


async def plan(session: Session, file: File) -> Exit | None:
    """Say what applying rules would change. Exit status 2 if there are changes, 0 if there are none."""
    from servers.mesh.cli.messages import read_honey_rules

    async with session.connect() as mesh:
        answer = await mesh.earning.apply_rules(read_honey_rules(file), validate_only=True)
    _tell(session, answer, f"would become revision {answer.revision}")
    return Exit.CHANGES if answer.changes else None


async def apply(
    session: Session,
    file: File,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    expect: Annotated[int, typer.Option(help="Refuse if the revision is another. 0: any.", min=0)] = 0,
) -> None:
    """Replace the rules, from now on. Equal ones make no revision."""
    from servers.mesh.cli.messages import read_honey_rules

    async with session.connect() as mesh:
        answer = await mesh.earning.apply_rules(
            read_honey_rules(file), expected_revision=expect, reason=reason
        )
    _tell(session, answer, f"revision {answer.revision} is in force")


async def show(
    session: Session, revision: Annotated[int, typer.Option(help="Of this revision. 0: now.", min=0)] = 0
) -> None:
    """Show the rules in force."""
    async with session.connect() as mesh:
        answer = await mesh.earning.get_rules(revision=revision)
    session.output.document(answer)
    if session.output.as_json:
        return
    from clients.times import datetime_of
    from nectary.honey.v1 import honey_pb2
    from servers.mesh.cli.words import word_of

    since = session.moment(datetime_of(answer.effective_time))
    session.output.show(f"Revision {answer.revision}, in force since {since}")
    for one in answer.rules.programmes:
        held = word_of(honey_pb2.HeldExpiry.DESCRIPTOR, one.held_expiry)
        shortfall = word_of(honey_pb2.Shortfall.DESCRIPTOR, one.shortfall)
        longest = one.longest_hold.seconds
        session.output.show(f"{one.programme_id}  {one.zone}  holds {held}, {longest} s at most  {shortfall}")
        session.output.show(*_lines(one))


def _lines(programme: "honey_pb2.Programme") -> Iterator[str]:
    """What a programme has, by name and version; `--json` says all of it, in the form of a file."""
    from nectary.honey.v1 import earning_rules_pb2
    from servers.mesh.cli.words import word_of

    for scene in programme.scenes:
        rules = ", ".join(f"{rule.rule_id} {rule.version}" for rule in scene.rules)
        yield f"  scene {scene.scene_id}  {word_of(earning_rules_pb2.Mode.DESCRIPTOR, scene.mode)}: {rules}"
    if programme.HasField("tiers"):
        yield "  tiers " + ", ".join(f"{tier.tier_id} {tier.threshold}" for tier in programme.tiers.tiers)
    for task in programme.tasks:
        yield f"  task {task.task_id} {task.version}  {task.scene}  {plain(task.title)}"


def _tell(session: Session, answer: "earning_service_pb2.ApplyRulesResponse", verdict: str) -> None:
    session.output.document(answer)
    if not session.output.as_json:
        session.output.show(*answer.changes, verdict if answer.changes else "nothing changes")
