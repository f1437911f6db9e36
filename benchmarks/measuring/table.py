"""Figures as people read them: aligned, each ratio with its range."""

import os
from collections.abc import Sequence

from benchmarks.measuring.rounds import Spread


def heading(text: str) -> None:
    """The question, and how busy the machine is with other things: under load read only the ratios."""
    one_minute = os.getloadavg()[0]
    print(f"\n{text}\n({os.cpu_count()} cores; load before the run {one_minute:.1f})\n", flush=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The first column to the left, all others to the right."""
    lines = [list(columns), *(list(row) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        cells = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join([line[0].ljust(widths[0]), *cells]).rstrip())
    print(flush=True)


def number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ranged(spread: Spread) -> str:
    """Median, lowest and highest."""
    return f"{number(spread.median)} ({number(spread.low)} to {number(spread.high)})"


def at_most(spread: Spread, aim: float) -> str:
    """Whether the median keeps an upper bound."""
    return f"<= {number(aim)}: {'kept' if spread.median <= aim else 'MISSED'}"


def at_least(spread: Spread, aim: float) -> str:
    """Whether the median reaches a lower bound."""
    return f">= {number(aim)}: {'kept' if spread.median >= aim else 'MISSED'}"
