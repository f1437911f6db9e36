"""The drawing: ticks, today's mark, one row of bars a lane, a legend. It fits any width from 40 columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.text import Text

from servers.mesh.cli.drawing.looks import Glyphs, Look
from servers.mesh.cli.drawing.scale import Scale, scale_over, ticks_of
from servers.mesh.cli.output import plain

LONGEST_LABEL = 14
LEAST_WIDTH = 40
LEAST_NAME = 3
"""A name that would be cut to less than this is left out."""


@dataclass(frozen=True)
class Bar:
    """One segment."""

    start: datetime
    end: datetime
    name: str
    look: Look


@dataclass(frozen=True)
class Row:
    """One lane."""

    label: str
    bars: Sequence[Bar]
    note: str = ""
    """Below the bars: what has no place in time."""


def draw(rows: Sequence[Row], *, now: datetime, zone: ZoneInfo, width: int, glyphs: Glyphs) -> list[Text]:
    """The lines of a drawing, none wider than `width`."""
    bars = [bar for row in rows for bar in row.bars]
    indent = min(max((len(row.label) for row in rows), default=0), LONGEST_LABEL) + 1
    moments = [now, *(bar.start for bar in bars), *(bar.end for bar in bars)]
    scale = scale_over(moments, max(width, LEAST_WIDTH) - indent, zone)
    lines = [*_header(scale), _today(scale, now, zone, glyphs)]
    lines = [Text(" " * indent) + line for line in lines]
    for row in rows:
        lines.append(_row(row, scale, now, glyphs, indent))
        if row.note:
            lines.append(Text(_cut(" " * indent + plain(row.note), width, glyphs)))
    looks = {bar.look for bar in bars}
    legend = _legend([look for look in Look if look in looks], glyphs)
    return [*lines, Text(" " * indent) + legend] if legend else lines


def _header(scale: Scale) -> list[Text]:
    above, below = [" "] * scale.width, [" "] * scale.width
    for tick in ticks_of(scale):
        _write_apart(above, scale.column(tick.at), tick.above)
        _write_apart(below, scale.column(tick.at), tick.below)
    return [Text("".join(above), style="bold"), Text("".join(below))]


def _today(scale: Scale, now: datetime, zone: ZoneInfo, glyphs: Glyphs) -> Text:
    """The mark and its date, on whichever side there is room."""
    column, date = scale.column(now), now.astimezone(zone).strftime("%Y-%m-%d")
    cells = [" "] * scale.width
    cells[column] = glyphs.now
    fits = column + 2 + len(date) <= scale.width
    _write(cells, column + 2 if fits else column - 1 - len(date), date)
    return Text("".join(cells), style="bold yellow")


def _row(row: Row, scale: Scale, now: datetime, glyphs: Glyphs, indent: int) -> Text:
    cells = [" "] * scale.width
    styles = [""] * scale.width
    column = scale.column(now)
    cells[column], styles[column] = glyphs.now_line, "yellow"
    for bar in row.bars:
        begin = scale.column(bar.start)
        end = max(scale.edge(bar.end), begin + 1)
        filled = _filled(bar, end - begin, glyphs)
        cells[begin:end], styles[begin:end] = filled, [bar.look.colour] * (end - begin)
    text = Text(_cut(plain(row.label), indent - 1, glyphs).ljust(indent))
    for cell, style in zip(cells, styles, strict=True):
        text.append(cell, style=style)
    return text


def _filled(bar: Bar, width: int, glyphs: Glyphs) -> list[str]:
    """A bar's characters: its beginning, its name if there is room, its filling."""
    cells = [glyphs.begin, *(glyphs.fill(bar.look) * (width - 1))]
    if width == 1:
        return [glyphs.fill(bar.look)]
    room = width - 4
    name = _cut(plain(bar.name), room, glyphs)
    if len(name) >= min(LEAST_NAME, len(bar.name)):
        _write(cells, 1, f" {name} ")
    return cells


def _legend(looks: Sequence[Look], glyphs: Glyphs) -> Text:
    legend = Text()
    for look in looks:
        legend.append(glyphs.begin + glyphs.fill(look) * 2, style=look.colour)
        legend.append(f" {look.caption}   ")
    legend.rstrip()
    return legend


def _cut(text: str, room: int, glyphs: Glyphs) -> str:
    if len(text) <= room:
        return text
    return text[: room - 1] + glyphs.cut if room > 1 else ""


def _write(cells: list[str], at: int, text: str) -> None:
    """Puts text into cells from `at` on, as far as there are any."""
    for offset, letter in enumerate(text):
        if 0 <= at + offset < len(cells):
            cells[at + offset] = letter


def _write_apart(cells: list[str], at: int, text: str) -> None:
    """As `_write`, unless it would not fit, or touch what stands before it."""
    if at + len(text) <= len(cells) and (at == 0 or cells[at - 1] == cells[at] == " "):
        _write(cells, at, text)
