"""A timeline in a terminal: it fits 80 columns, and says as much without colour."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from clients.times import timestamp_of
from nectary.identity.v1 import identity_pb2 as pb
from servers.mesh.cli.drawing.bars import Bar, Row, draw
from servers.mesh.cli.drawing.looks import Glyphs, Look, glyphs_for, look_of
from servers.mesh.cli.drawing.timeline import show_timeline

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2027, 3, 5, 12, tzinfo=ZONE)
UNICODE, ASCII = glyphs_for("utf-8"), glyphs_for("ascii")


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def segment(term_id: str, sku_id: str, start: str, end: str, through: str) -> pb.Segment:
    return pb.Segment(
        term_id=term_id,
        sku_id=sku_id,
        start_time=timestamp_of(day(start)),
        end_time=timestamp_of(day(end)),
        valid_through=through,
    )


def term(part: pb.Segment, state: pb.TermState.ValueType, lane_id: str = "one") -> pb.Term:
    return pb.Term(
        term_id=part.term_id,
        sku_id=part.sku_id,
        lane_id=lane_id,
        state=state,
        placement=pb.PLACEMENT_CHANGE_AT_END,
        segments=[part],
    )


def an_upgraded_timeline() -> pb.Timeline:
    gold = [
        segment("aaaaaaaa1", "gold_quarterly", "2026-11-22T10:00", "2026-12-22T10:00", "2026-12-21"),
        segment("bbbbbbbb1", "gold_annual", "2026-12-22T10:00", "2027-12-23", "2027-12-22"),
        segment("cccccccc1", "gold_annual", "2027-12-23", "2028-12-23", "2028-12-22"),
    ]
    other = segment("dddddddd1", "fengxiang_annual", "2026-11-22T10:00", "2027-11-23", "2027-11-22")
    states = (pb.TERM_STATE_SUPERSEDED, pb.TERM_STATE_ACTIVE, pb.TERM_STATE_QUEUED)
    return pb.Timeline(
        member_id="ann",
        lanes=[
            pb.Lane(lane_id="one", spu_id="gold", segments=gold),
            pb.Lane(lane_id="two", spu_id="fengxiang", segments=[other]),
        ],
        terms=[
            *(term(part, state) for part, state in zip(gold, states, strict=True)),
            term(other, pb.TERM_STATE_ACTIVE, "two"),
        ],
    )


def printed(timeline: pb.Timeline, *, width: int = 80, encoding: str = "utf-8") -> str:
    written = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=written, width=width, color_system=None)
    show_timeline(console, timeline, now=NOW, zone=ZONE)
    written.seek(0)
    return written.read()


def drawn(rows: Sequence[Row], width: int = 80, glyphs: Glyphs = UNICODE) -> list[str]:
    return [line.plain for line in draw(rows, now=NOW, zone=ZONE, width=width, glyphs=glyphs)]


def test_a_timeline_is_drawn_as_it_always_was() -> None:
    lines = [line.rstrip() for line in printed(an_upgraded_timeline()).splitlines()]
    assert lines == [
        "          2026 2027                             2028",
        "          Nov  Jan   Mar  May  Jul   Sep  Nov   Jan  Mar  May   Jul  Sep   Nov",
        "                     ▼ 2027-03-05",
        "gold        ▌··▌ gold_annual ██████████████████▌ gold_annual ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒",
        "fengxiang   ▌ fengxiang_annual █████████████",
        "          ▌██ active   ▌▒▒ queued   ▌·· upgraded",
        "",
        "term   SKU              state      from             last day   how     paid",
        "aaaaaa gold_quarterly   superseded 2026-11-22 10:00 2026-12-21 change",
        "                                                               at end",
        "bbbbbb gold_annual      active     2026-12-22 10:00 2027-12-22 change",
        "                                                               at end",
        "cccccc gold_annual      queued     2027-12-23 00:00 2028-12-22 change",
        "                                                               at end",
        "dddddd fengxiang_annual active     2026-11-22 10:00 2027-11-22 change",
        "                                                               at end",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_it_fits_eighty_columns_without_colour(encoding: str) -> None:
    text = printed(an_upgraded_timeline(), encoding=encoding)
    assert "\x1b" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_a_terminal_of_plain_ascii_gets_plain_ascii() -> None:
    assert printed(an_upgraded_timeline(), encoding="ascii").isascii()


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_look_is_told_from_the_others_by_its_filling(glyphs: Glyphs) -> None:
    assert len({glyphs.fill(look) for look in Look}) == len(Look)


def test_two_cards_that_touch_are_seen_as_two() -> None:
    bars = [
        Bar(day("2027-01-01"), day("2027-04-01"), "quarterly", Look.ACTIVE),
        Bar(day("2027-04-01"), day("2027-07-01"), "quarterly", Look.QUEUED),
    ]
    assert drawn([Row("gold", bars)])[3].count(UNICODE.begin) == 2


def test_a_card_of_one_second_still_has_a_column() -> None:
    bars = [
        Bar(day("2027-01-01"), day("2030-01-01"), "annual", Look.ACTIVE),
        Bar(day("2030-01-01"), day("2030-01-01T00:00:01"), "trial", Look.QUEUED),
    ]
    assert UNICODE.fill(Look.QUEUED) in drawn([Row("gold", bars)])[3]


def test_today_is_marked_in_the_zone_of_the_reader() -> None:
    row = Row("gold", [Bar(day("2027-01-01"), day("2027-12-01"), "annual", Look.ACTIVE)])
    late = datetime(2027, 3, 5, 20, tzinfo=UTC)
    lines = draw([row], now=late, zone=ZONE, width=80, glyphs=UNICODE)
    assert "2027-03-06" in lines[2].plain


def test_a_paused_card_is_named_though_it_has_no_place_in_time() -> None:
    timeline = an_upgraded_timeline()
    timeline.terms[2].state = pb.TERM_STATE_PAUSED
    del timeline.lanes[0].segments[2]
    assert "paused: gold_annual" in printed(timeline)


def test_a_member_without_cards_gets_one_line() -> None:
    assert printed(pb.Timeline(member_id="nobody")) == "nobody holds no card and never did\n"


def test_what_would_steer_the_terminal_is_not_passed_on() -> None:
    timeline = an_upgraded_timeline()
    timeline.terms[0].term_id = "\x1b[2Jterm"
    timeline.lanes[0].spu_id = "\x1b]0;owned\x07"
    assert "\x1b" not in printed(timeline)


@pytest.mark.parametrize(
    ("state", "start", "end", "look"),
    [
        (pb.TERM_STATE_ACTIVE, "2027-01-01", "2027-04-01", Look.ACTIVE),
        (pb.TERM_STATE_ACTIVE, "2027-01-01", "2027-02-01", Look.ENDED),
        (pb.TERM_STATE_QUEUED, "2027-04-01", "2027-05-01", Look.QUEUED),
        (pb.TERM_STATE_FROZEN, "2027-04-01", "2027-05-01", Look.FROZEN),
        (pb.TERM_STATE_SUPERSEDED, "2027-01-01", "2027-02-01", Look.SUPERSEDED),
        (pb.TERM_STATE_REFUNDED, "2027-01-01", "2027-02-01", Look.REFUNDED),
        (pb.TERM_STATE_ENDED, "2026-01-01", "2026-02-01", Look.ENDED),
    ],
)
def test_a_segment_looks_like_what_it_is(state: int, start: str, end: str, look: Look) -> None:
    assert look_of(state, day(start), day(end), NOW) is look


FIRST = datetime(1970, 1, 2, tzinfo=UTC)
moments = st.integers(0, 230 * 365 * 24).map(
    lambda hours: datetime(1970, 1, 2, tzinfo=UTC) + timedelta(hours=hours)
)
bars = st.builds(
    lambda start, hours, look: Bar(start, start + timedelta(hours=hours), "some_card", look),
    moments,
    st.integers(1, 200_000),
    st.sampled_from(Look),
)
lanes = st.lists(st.builds(Row, st.text(max_size=30), st.lists(bars, max_size=5)), max_size=4)


@settings(max_examples=50, deadline=None)
@given(lanes, st.integers(40, 200))
def test_no_line_is_wider_than_the_terminal(rows: list[Row], width: int) -> None:
    assert all(len(line) <= width for line in drawn(rows, width)[:-1])
