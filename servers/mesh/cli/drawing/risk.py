"""What Risk says, as lines and tables: a plan of rules, who is listed and why, a decision explained."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from clients.times import datetime_of
from nectary.risk.v1 import risk_pb2, risk_service_pb2
from servers.mesh.cli.moments import show_moment
from servers.mesh.cli.output import plain
from servers.mesh.cli.risk_words import outcome_text, seconds_text, state_text, subject_text
from servers.mesh.cli.words import word_of

_SIGNS = {
    risk_pb2.RULE_CHANGE_KIND_ADDED: ("+", "green"),
    risk_pb2.RULE_CHANGE_KIND_CHANGED: ("~", "yellow"),
    risk_pb2.RULE_CHANGE_KIND_REMOVED: ("-", "red"),
}


def plan_lines(answer: risk_service_pb2.ApplyRulesResponse, verdict: str) -> Iterator[RenderableType]:
    """What applying rules changes, what speaks against it, the verdict; or what is wrong with them."""
    if answer.violations:
        yield from (f"error: {plain(one.field)}: {plain(one.description)}" for one in answer.violations)
        return
    yield from map(_change, answer.changes)
    yield from (f"warning: {plain(warning)}" for warning in answer.warnings)
    count = len(answer.changes)
    changes = "1 change" if count == 1 else f"{count} changes"
    yield f"{changes}; {verdict}" if count else "no changes"


def _change(change: risk_pb2.RuleChange) -> Text:
    sign, colour = _SIGNS.get(change.kind, ("?", ""))
    text = Text(f"{sign} {plain(change.rule_id)}", style=colour)
    for field in change.fields:
        text.append(f"\n    {plain(field)}", style="default")
    return text


def suspects_table(found: Iterable[risk_pb2.Suspect], zone: ZoneInfo) -> Table:
    """A line each."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("subject", "state", "until", "by", "why"):
        table.add_column(heading, no_wrap=heading != "why")
    for one in found:
        until = show_moment(datetime_of(one.expire_time), zone) if one.HasField("expire_time") else ""
        snoozes = "".join(f" (not by {snooze.rule_id})" for snooze in one.snoozes)
        appeals = one.appeal.state == risk_pb2.APPEAL_STATE_OPEN
        state = state_text(one.state) + (", appeals" if appeals else "")
        by = one.rule_id or ("a person" if one.version else "")
        table.add_row(subject_text(one.subject), state, until, by, plain(one.reason + snoozes))
    return table


def history_lines(found: risk_service_pb2.GetSubjectResponse, zone: ZoneInfo) -> Iterator[str]:
    """How a subject came to where it is; a warning if its chain is broken."""
    for one in found.transitions:
        moment = show_moment(datetime_of(one.transition_time), zone)
        steps = f"{state_text(one.from_state)} -> {state_text(one.to_state)}"
        why = plain(" ".join(part for part in (one.rule_id, one.reason, one.detail) if part))
        yield f"{moment}  {steps}  by {plain(one.actor)}: {why}"
    if not found.chain_intact:
        yield "warning: the chain of transitions is broken: somebody wrote past the service"


def decision_lines(
    told: risk_service_pb2.ExplainDecisionResponse, zone: ZoneInfo
) -> Iterator[RenderableType]:
    """A call, what was decided about it, and what every rule made of it."""
    record = told.decision
    moment = show_moment(datetime_of(record.decision_time), zone)
    reason = f" ({plain(record.decision.reason)})" if record.decision.reason else ""
    called = f"{plain(record.facts.caller) or 'somebody'} called {plain(record.facts.method)}"
    yield f"{moment}  {called} in {record.facts.scene}, cost {record.facts.cost}"
    yield f"{outcome_text(record.decision.outcome)}{reason} by revision {record.decision.revision}"
    states = {subject_text(one.subject): state_text(one.state) for one in told.subjects}
    for subject in map(subject_text, record.facts.subjects):
        yield f"  {subject}: {states.get(subject, 'not listed')}"
    yield _findings(told.rules)
    if not told.replays:
        yield "warning: decided again from its evidence it comes out differently"


def _findings(rules: Iterable[risk_pb2.RuleFinding]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "rule", "match", "says", "used"):
        table.add_column(heading, no_wrap=heading != "used")
    for one in rules:
        match = word_of(risk_pb2.RuleMatch.DESCRIPTOR, one.match)
        wait = f", room in {seconds_text(one.retry_delay)}" if one.HasField("retry_delay") else ""
        used = f"{one.used} of {one.units}{wait}" if one.units and one.key else ""
        table.add_row(">" if one.decided else "", one.rule_id, match, outcome_text(one.outcome), used)
    return table
