"""A Timeline of the contract as rows of bars and as a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.times import datetime_of
from nectary.identity.v1 import identity_pb2 as pb
from servers.mesh.cli.drawing.bars import Bar, Row, draw
from servers.mesh.cli.drawing.looks import glyphs_for, look_of
from servers.mesh.cli.moments import show_minute
from servers.mesh.cli.output import plain
from servers.mesh.cli.term_ids import short_ids
from servers.mesh.cli.words import money, word_of

LONGEST_WORD = len("upgrade")
"""Of how a term was placed; `change at end` takes two lines."""
_COLOURS = {
    pb.TERM_STATE_ACTIVE: "green",
    pb.TERM_STATE_QUEUED: "cyan",
    pb.TERM_STATE_FROZEN: "blue",
    pb.TERM_STATE_PAUSED: "yellow",
    pb.TERM_STATE_SUPERSEDED: "magenta",
    pb.TERM_STATE_REFUNDED: "red",
}


def show_timeline(console: Console, timeline: pb.Timeline, *, now: datetime, zone: ZoneInfo) -> None:
    """Prints the drawing and the table."""
    if not timeline.terms:
        console.print(f"{plain(timeline.member_id)} holds no card and never did", markup=False)
        return
    glyphs = glyphs_for(console.encoding)
    for line in draw(rows_of(timeline, now), now=now, zone=zone, width=console.width, glyphs=glyphs):
        console.print(line, no_wrap=True, overflow="crop")
    console.print()
    console.print(table_of(timeline.terms, zone))


def rows_of(timeline: pb.Timeline, now: datetime) -> list[Row]:
    """One row a lane, in the order in which the lanes were opened."""
    states = {term.term_id: term.state for term in timeline.terms}
    return [
        Row(lane.spu_id, [_bar(segment, states, now) for segment in lane.segments], _waiting(timeline, lane))
        for lane in timeline.lanes
    ]


def _bar(segment: pb.Segment, states: Mapping[str, int], now: datetime) -> Bar:
    start, end = datetime_of(segment.start_time), datetime_of(segment.end_time)
    state = states.get(segment.term_id, pb.TERM_STATE_UNSPECIFIED)
    return Bar(start, end, segment.sku_id, look_of(state, start, end, now))


def _waiting(timeline: pb.Timeline, lane: pb.Lane) -> str:
    """Paused terms have no place in time until they are resumed."""
    paused = [
        term.sku_id
        for term in timeline.terms
        if term.lane_id == lane.lane_id and term.state == pb.TERM_STATE_PAUSED
    ]
    return f"paused: {', '.join(paused)}" if paused else ""


def table_of(terms: Sequence[pb.Term], zone: ZoneInfo) -> Table:
    """Every term, in the order of acquisition; commands take the ids as they stand here."""
    currencies = sorted({term.paid.currency for term in terms if term.paid.currency})
    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("term", "SKU", "state", "from", "last day"):
        table.add_column(heading, no_wrap=True)
    table.add_column("how", min_width=LONGEST_WORD, max_width=LONGEST_WORD)
    table.add_column(", ".join(["paid", *currencies]), justify="right", no_wrap=True)
    short = short_ids(term.term_id for term in terms)
    for term in terms:
        segments = [(show_minute(datetime_of(s.start_time), zone), s.valid_through) for s in term.segments]
        table.add_row(
            plain(short[term.term_id]),
            term.sku_id,
            Text(word_of(pb.TermState.DESCRIPTOR, term.state), style=_COLOURS.get(term.state, "")),
            "\n".join(start for start, _ in segments) or "-",
            "\n".join(through for _, through in segments) or "-",
            word_of(pb.Placement.DESCRIPTOR, term.placement),
            _paid(term, with_currency=len(currencies) > 1),
        )
    return table


def _paid(term: pb.Term, *, with_currency: bool) -> str:
    paid, refunded = (
        money(one) if with_currency else money(one).partition(" ")[0] for one in (term.paid, term.refunded)
    )
    return f"{paid}\n-{refunded}" if term.refunded.amount_minor else paid
