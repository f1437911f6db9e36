"""`nectary risk why|decisions|simulate|replay`: what was decided, and what would have been."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servers.mesh.cli.exits import Exit
from servers.mesh.cli.moments import optional_moment, parse_duration, parse_moment
from servers.mesh.cli.risk_words import outcome_text, subject_of, subject_text
from servers.mesh.cli.session import Mesh, Session
from servers.mesh.cli.verb import verb
from servers.mesh.cli.words import value_of

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from nectary.risk.v1 import risk_pb2, risk_service_pb2

Since = Annotated[str, typer.Option(help="From this moment on, or for so long: 1h, 2d.")]
Until = Annotated[str | None, typer.Option(help="Until this moment. Default: now.")]


def register(app: typer.Typer) -> None:
    """Adds what is about decisions."""
    for name, handler in (("why", why), ("decisions", decisions), ("simulate", simulate), ("replay", replay)):
        verb(app, name)(handler)


async def why(
    session: Session,
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="As a refused call names it.")],
) -> None:
    """Say what every rule made of a call."""
    async with session.connect() as mesh:
        told = await mesh.risk.explain_decision(decision)
    session.output.document(told)
    if not session.output.as_json:
        from servers.mesh.cli.drawing.risk import decision_lines

        session.output.show(*decision_lines(told, session.zone))


async def decisions(
    session: Session,
    subject: Annotated[str, typer.Option(help="About this subject: member:ann, address:…")] = "",
    outcome: Annotated[
        list[str] | None, typer.Option(help="allow, throttle, challenge, deny; repeatable.")
    ] = None,
    scene: Annotated[str, typer.Option(help="Of this scene.")] = "",
    rule: Annotated[str, typer.Option(help="Decided by this rule.")] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=500, help="The newest so many.")] = 20,
) -> None:
    """List what was decided, the newest first."""
    from clients.times import datetime_of
    from nectary.risk.v1 import risk_pb2

    outcomes = [value_of(risk_pb2.Outcome.DESCRIPTOR, one) for one in outcome or []]
    async with session.connect() as mesh:
        page = await mesh.risk.list_decisions(
            outcomes=[risk_pb2.Outcome.ValueType(one) for one in outcomes],
            scene=scene,
            subject=subject_of(subject) if subject else None,
            rule_id=rule,
            page_size=lines,
        )
    session.output.document(page)
    for record in page.decisions:
        made, facts = record.decision, record.facts
        moment = session.moment(datetime_of(record.decision_time))
        by = f" by {made.rule_id}" if made.rule_id else ""
        about = " ".join(map(subject_text, facts.subjects))
        session.output.show(
            f"{moment}  {made.decision_id}  {outcome_text(made.outcome)}{by}  {facts.scene}  {about}"
        )


async def simulate(
    session: Session,
    file: Annotated[Path, typer.Argument(help="A YAML or JSON file with the draft.")],
    since: Since = "1h",
    until: Until = None,
) -> Exit | None:
    """Play recorded calls against a draft, and say whom it would newly refuse.

    Exit status 2 if there is anybody.
    """
    from servers.mesh.cli.messages import read_rules

    draft = read_rules(file)
    async with session.connect() as mesh:
        tried = await mesh.risk.simulate_rules(
            draft, await _start(session, mesh, since), end=optional_moment(until, session.zone)
        )
    session.output.document(tried)
    if not session.output.as_json:
        session.output.show(
            f"{tried.calls} calls of {tried.active_subjects} subjects:"
            f" {tried.refused_before} were refused, {tried.refused_after} would be",
            f"{tried.newly_refused_subjects} subjects would newly be refused",
        )
        if tried.newly_refused:
            session.output.show(_victims(tried))
        if tried.unreadable:
            session.output.show(f"warning: {tried.unreadable} calls could not be played")
    return Exit.CHANGES if tried.newly_refused_subjects else None


async def replay(
    session: Session,
    since: Since = "1h",
    until: Until = None,
    draft: Annotated[Path | None, typer.Option(help="By this file's rules, not those they cite.")] = None,
) -> Exit | None:
    """Decide recorded calls again, and say what differs. Exit status 1 if anything does."""
    from servers.mesh.cli.messages import read_rules

    rules = read_rules(draft) if draft else None
    async with session.connect() as mesh:
        done = await mesh.risk.replay_decisions(
            await _start(session, mesh, since), end=optional_moment(until, session.zone), draft=rules
        )
    session.output.document(done)
    session.output.show(f"{done.replayed} decided again, {done.same} the same, {done.unreadable} unreadable")
    for one in done.differences:
        was, now = one.recorded.decision, one.replayed
        session.output.show(
            f"  {was.decision_id}: {outcome_text(was.outcome)} {was.rule_id}"
            f" -> {outcome_text(now.outcome)} {now.rule_id}"
        )
    return Exit.FAILED if done.same < done.replayed else None


async def _start(session: Session, mesh: Mesh, since: str) -> "datetime":
    """A moment, or so long before now."""
    if since[:4].isdigit() and "-" in since:
        return parse_moment(since, session.zone)
    length: timedelta = parse_duration(since)
    return await mesh.now() - length


def _victims(tried: "risk_service_pb2.SimulateRulesResponse") -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("subject", "calls", "scene", "rule", "would be"):
        table.add_column(heading, no_wrap=True)
    for one in tried.newly_refused:
        table.add_row(subject_text(one.subject), str(one.calls), one.scene, one.rule_id, _hardness(one))
    return table


def _hardness(victim: "risk_pb2.NewlyRefused") -> str:
    return {2: "throttled", 3: "challenged", 4: "denied"}.get(victim.outcome, str(victim.outcome))
