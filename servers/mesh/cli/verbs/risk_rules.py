"""`nectary risk rules`: by what calls are judged, kept as a file and applied as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import CommandError, Exit, UsageError
from servers.mesh.cli.moments import optional_moment
from servers.mesh.cli.output import plain
from servers.mesh.cli.session import Mesh, Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from rich.table import Table

    from nectary.risk.v1 import risk_pb2, risk_service_pb2

File = Annotated[Path | None, typer.Argument(help="A YAML or JSON file; its first document is the rules.")]
Revision = Annotated[
    int, typer.Option(help="The rules of an old revision instead of a file: to undo.", min=0)
]


def register(app: typer.Typer) -> None:
    """Adds `plan`, `apply` and `show`."""
    verb(app, "plan")(plan)
    verb(app, "apply")(apply)
    verb(app, "show")(show)


async def plan(session: Session, file: File = None, revision: Revision = 0) -> Exit | None:
    """Say what applying rules would change, and what speaks against it.

    Exit status 2 if there are changes, 0 if there are none, 1 if the rules cannot be applied.
    """
    async with session.connect() as mesh:
        wanted = await _wanted(mesh, file, revision)
        answer = await mesh.risk.apply_rules(wanted, validate_only=True)
    session.output.document(answer)
    _show(session, answer, f"would become revision {answer.revision}")
    if answer.violations:
        return Exit.FAILED
    return Exit.CHANGES if answer.changes else None


async def apply(
    session: Session,
    file: File = None,
    revision: Revision = 0,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    expect: Annotated[int, typer.Option(help="Refuse if the revision is another. 0: any.")] = 0,
    etag: Annotated[str, typer.Option(help="Of a plan whose warnings were read: asks nothing.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, whatever speaks against it.")] = False,
) -> None:
    """Replace the rules, everywhere within a second.

    Plans first; asks if something speaks against it. `--revision` brings old ones back.
    """
    async with session.connect() as mesh:
        wanted = await _wanted(mesh, file, revision)
        planned = await mesh.risk.apply_rules(wanted, validate_only=True, expected_revision=expect)
        if planned.violations:
            session.output.document(planned)
            _show(session, planned, "")
            raise CommandError("the rules cannot be applied")
        if planned.needs_confirmation and not etag:
            _ask(session, planned, yes=yes)
            etag = planned.etag
        answer = await mesh.risk.apply_rules(wanted, expected_revision=expect, plan_etag=etag, reason=reason)
    session.output.document(answer)
    _show(session, answer, f"revision {answer.revision} is in force")


async def show(
    session: Session,
    at: Annotated[str | None, typer.Option(help="Those in force at a moment. Default: now.")] = None,
    revision: Annotated[int, typer.Option(help="Of this revision.", min=0)] = 0,
) -> None:
    """Show the rules in force."""
    async with session.connect() as mesh:
        answer = await mesh.risk.get_rules(revision=revision, at=optional_moment(at, session.zone))
    session.output.document(answer)
    if session.output.as_json:
        return
    from clients.times import datetime_of

    since = session.moment(datetime_of(answer.effective_time)) if answer.revision else ""
    origin = f"in force since {since}, by {plain(answer.actor)}" if since else "shipped with the program"
    session.output.show(f"Revision {answer.revision}, {origin}", _table(answer.rule_set))


async def _wanted(mesh: Mesh, file: Path | None, revision: int) -> "risk_pb2.RuleSet":
    if (file is None) == (revision == 0):
        raise UsageError("name a file or a --revision")
    if file is None:
        return (await mesh.risk.get_rules(revision=revision)).rule_set
    from servers.mesh.cli.messages import read_rules

    return read_rules(file)


def _ask(session: Session, planned: "risk_service_pb2.ApplyRulesResponse", *, yes: bool) -> None:
    """Goes on only if that is wanted. Raises CommandError if not."""
    if yes:
        return
    if session.output.as_json:
        raise UsageError("with --json nobody can be asked", hint="read the plan, then give its --etag")
    _show(session, planned, f"would become revision {planned.revision}")
    try:
        if not typer.confirm("Apply them all the same?"):
            raise CommandError("nothing was done")
    except typer.Abort as error:
        raise CommandError("nothing was done: nobody answered", hint="--yes does not ask") from error


def _show(session: Session, answer: "risk_service_pb2.ApplyRulesResponse", verdict: str) -> None:
    if not session.output.as_json:
        from servers.mesh.cli.drawing.risk import plan_lines

        session.output.show(*plan_lines(answer, verdict))


def _table(rules: "risk_pb2.RuleSet") -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("rule", "version", "scenes", "effect", "title"):
        table.add_column(heading, no_wrap=heading in {"rule", "version", "effect"})
    for rule in rules.rules:
        scenes = ", ".join(rule.scenes) or "all"
        table.add_row(rule.rule_id, str(rule.version), plain(scenes), _effect(rule), plain(rule.title))
    return table


def _effect(rule: "risk_pb2.Rule") -> str:
    from nectary.risk.v1 import risk_pb2
    from servers.mesh.cli.risk_words import outcome_text, seconds_text
    from servers.mesh.cli.words import word_of

    kinds = risk_pb2.SubjectKind.DESCRIPTOR
    if rule.HasField("limit"):
        key = "+".join(word_of(kinds, kind) for kind in rule.limit.key)
        text = f"{rule.limit.units} in {seconds_text(rule.limit.window)} a {key}"
    elif rule.HasField("verdict"):
        text = outcome_text(rule.verdict.outcome)
    else:
        text = f"over {rule.spread.most_members} members a {word_of(kinds, rule.spread.across)}"
    return f"{text}, in shadow" if rule.rollout.shadow else text
