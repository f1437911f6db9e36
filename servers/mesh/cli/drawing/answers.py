"""Answers over time, as bars in a terminal and as an SVG picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from rich.text import Text

EIGHTHS = " ▁▂▃▄▅▆▇█"
SOLD_COLOUR, REFUSED_COLOUR, INK, GRID = "#2f9e44", "#adb5bd", "#212529", "#e9ecef"
LEAST_SECONDS = 0.001
WIDTH, HEIGHT = 840, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 50, 50


@dataclass(frozen=True)
class Histogram:
    """Answers in equal stretches of time."""

    seconds: float
    """All stretches together."""
    sold: Sequence[int]
    refused: Sequence[int]

    @property
    def most(self) -> int:
        """In one stretch."""
        return max((a + b for a, b in zip(self.sold, self.refused, strict=True)), default=0)


def histogram(sold: Iterable[float], refused: Iterable[float], count: int) -> Histogram:
    """Of the instants of answers, in seconds from the beginning, in `count` stretches."""
    sold, refused = list(sold), list(refused)
    seconds = max([*sold, *refused, LEAST_SECONDS])

    def counted(instants: Sequence[float]) -> list[int]:
        counts = [0] * count
        for at in instants:
            counts[min(count - 1, int(at / seconds * count))] += 1
        return counts

    return Histogram(seconds, counted(sold), counted(refused))


def answer_bars(shown: Histogram) -> list[Text]:
    """Two lines of bars on one scale, and the time below."""
    width = len(shown.sold)
    end = f"{shown.seconds:.1f} s"
    return [
        Text("sold     ") + Text(_bars(shown.sold, shown.most), style="green"),
        Text("refused  ") + Text(_bars(shown.refused, shown.most), style="dim"),
        Text("         0 s" + end.rjust(max(0, width - 3)), style="dim"),
    ]


def _bars(counts: Sequence[int], most: int) -> str:
    # What is there at all is seen, however little it is.
    steps = len(EIGHTHS) - 1
    return "".join(EIGHTHS[max(1, round(count / most * steps))] if count else " " for count in counts)


def answers_svg(shown: Histogram, title: str) -> str:
    """A picture by itself: sold at the bottom of each bar, refused above, answers a second to the left."""
    count = len(shown.sold)
    wide, high = (WIDTH - LEFT - RIGHT) / count, HEIGHT - TOP - BOTTOM
    a_second = count / shown.seconds
    top = _round_up(shown.most * a_second)
    scale = high * a_second / top
    parts = [_frame(title), *_grid(top, shown.seconds)]
    for place, (sold, refused) in enumerate(zip(shown.sold, shown.refused, strict=True)):
        x, base = LEFT + place * wide, HEIGHT - BOTTOM
        parts.append(_bar(x, base - sold * scale, wide, sold * scale, SOLD_COLOUR))
        parts.append(_bar(x, base - (sold + refused) * scale, wide, refused * scale, REFUSED_COLOUR))
    return "\n".join([*parts, "</svg>\n"])


def _frame(title: str) -> str:
    legend = "".join(
        f'<rect x="{x}" y="30" width="10" height="10" fill="{colour}"/>'
        f'<text x="{x + 15}" y="39">{name}</text>'
        for x, name, colour in ((LEFT, "sold", SOLD_COLOUR), (LEFT + 70, "refused", REFUSED_COLOUR))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12" fill="{INK}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        f'<text x="{LEFT}" y="20" font-size="15">{escape(title)}</text>\n{legend}'
    )


def _grid(top: float, seconds: float) -> Iterable[str]:
    base, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for step in range(5):
        y = base - step / 4 * (base - TOP)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{GRID}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{top * step / 4:,.0f}</text>'
        x = LEFT + step / 4 * (right - LEFT)
        yield f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{seconds * step / 4:.2f} s</text>'
    yield f'<text x="{LEFT}" y="{HEIGHT - 10}">answers a second, over time</text>'


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{colour}"/>'


def _round_up(value: float) -> float:
    """To 1, 2, 4 or 8 of a power of ten, so that quarters are round too."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return next(power * step for step in (1, 2, 4, 8, 10, 20) if power * step >= value)
