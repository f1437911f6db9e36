"""What a purchase or a refund does, in lines for people."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from clients.times import datetime_of
from nectary.identity.v1 import catalog_pb2
from nectary.identity.v1 import identity_pb2 as pb
from nectary.identity.v1 import identity_service_pb2 as service
from servers.mesh.cli.moments import show_minute
from servers.mesh.cli.output import plain
from servers.mesh.cli.words import money, word_of


def purchase_lines(effect: pb.PurchaseEffect, zone: ZoneInfo) -> Iterator[str]:
    """How the term is placed, what it costs, what else changes."""
    yield f"placed: {word_of(pb.Placement.DESCRIPTOR, effect.placement)}  {spans(effect.segments, zone)}"
    yield f"price {money(effect.price)}, to pay {money(effect.payable)}{_less(effect)}"
    for one in effect.supersessions:
        rule = word_of(catalog_pb2.ResidueRule.DESCRIPTOR, one.residue)
        days = f", {one.days} days" if one.days else ""
        yield f"replaces {plain(one.term_id)}: its rest of {money(one.value)} goes by {rule}{days}"
    yield from _moves(effect.moves, zone)


def termination_lines(effect: pb.TerminationEffect, zone: ZoneInfo) -> Iterator[str]:
    """What ends, what is paid back, what else changes."""
    for one in effect.terminations:
        at = show_minute(datetime_of(one.effective_time), zone)
        yield f"ends {plain(one.term_id)} at {at}, pays back {money(one.refund) or 'nothing'}"
        yield f"  {spans(one.before, zone)} -> {spans(one.after, zone)}"
    yield from _moves(effect.moves, zone)
    for term_id in effect.returning_term_ids:
        yield f"{plain(term_id)} comes back"
    if effect.held_back_by_rule_id:
        yield f"later terms stay where they are: closing up would break {effect.held_back_by_rule_id}"


def explanation(answer: service.ExplainPurchaseResponse, zone: ZoneInfo) -> list[RenderableType]:
    """A table of the checks, and the verdict."""
    table = Table("", "check", "rule", "why", box=None, padding=(0, 2, 0, 0))
    for check in answer.checks:
        verdict = Text("pass", style="green") if check.passed else Text("FAIL", style="bold red")
        kind = word_of(pb.RuleCheckKind.DESCRIPTOR, check.kind)
        table.add_row(verdict, kind, plain(check.rule_id), plain(check.explanation))
    if answer.accepted:
        return [table, "accepted: " + next(purchase_lines(answer.effect, zone))]
    if answer.HasField("earliest_start_time"):
        start = show_minute(datetime_of(answer.earliest_start_time), zone)
        return [table, f"refused; if nothing else happens it can start at {start}"]
    return [table, "refused, now and later, if nothing else happens"]


def spans(segments: Sequence[pb.Segment], zone: ZoneInfo) -> str:
    """`2026-11-22 10:00 .. 2027-11-22` (the last day), or `nothing`."""
    shown = [f"{show_minute(datetime_of(s.start_time), zone)} .. {s.valid_through}" for s in segments]
    return ", ".join(shown) or "nothing"


def _less(effect: pb.PurchaseEffect) -> str:
    credit = f", credit {money(effect.credit)}" if effect.credit.amount_minor else ""
    lost = f", lost {money(effect.discarded)}" if effect.discarded.amount_minor else ""
    return credit + lost


def _moves(moves: Sequence[pb.TermMove], zone: ZoneInfo) -> Iterator[str]:
    for move in moves:
        yield f"moves {plain(move.term_id)}: {spans(move.before, zone)} -> {spans(move.after, zone)}"
