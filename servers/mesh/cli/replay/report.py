"""What came of a replay: for people, for scripts, and every refused row for a spreadsheet."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.output import plain
from servers.mesh.cli.replay.compare import Comparison
from servers.mesh.cli.replay.purchases import Refusal
from servers.mesh.cli.replay.run import Bought, Run

SHOWN_MISMATCHES = 10
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class ReplayReport:
    """A finished replay."""

    run: Run
    refusals: Sequence[Refusal]
    """Rows that bought nothing, unreadable ones included, in the order of the file."""
    comparison: Comparison | None
    """None: not compared."""

    @property
    def rows(self) -> int:
        return len(self.run.outcomes) + sum(one.reason.startswith("ROW_") for one in self.refusals)

    @property
    def accepted(self) -> int:
        return sum(isinstance(one, Bought) for one in self.run.outcomes)

    @property
    def by_reason(self) -> dict[str, int]:
        """Reason → rows, the most frequent first."""
        counts = Counter(one.reason for one in self.refusals)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def differs(self) -> bool:
        """Whether the mesh and the oracle disagree anywhere."""
        return bool(self.comparison and self.comparison.mismatches)

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        comparison = asdict(self.comparison) if self.comparison else None
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "refused": len(self.refusals),
            "refused_by_reason": self.by_reason,
            "seconds": round(self.run.seconds, 3),
            "purchases_per_second": round(self.run.purchases_per_second, 1),
            "comparison": comparison,
            "refusals": [asdict(one) for one in self.refusals],
        }


def report_lines(report: ReplayReport) -> list[RenderableType]:
    """The counts, the rate, and what differs."""
    table = Table("rows", "outcome", box=None, padding=(0, 2, 0, 0))
    table.columns[0].justify = "right"
    table.add_row(f"{report.accepted:,}", "accepted")
    for reason, count in report.by_reason.items():
        table.add_row(f"{count:,}", f"refused: {plain(reason)}")
    rate = report.run.purchases_per_second
    lines: list[RenderableType] = [
        table,
        f"{len(report.run.outcomes):,} purchases in {report.run.seconds:.1f} s: {rate:,.0f} a second",
    ]
    if report.comparison is None:
        return [*lines, "not compared with the oracle"]
    compared = report.comparison
    verdict = "all equal" if not compared.mismatches else f"{len(compared.mismatches)} DIFFER"
    lines.append(
        f"{compared.members:,} timelines with {compared.segments:,} segments beside the oracle's: {verdict}"
    )
    return lines + [
        f"  {one.member_id}, {one.what}: mesh {plain(one.mesh)}; oracle {plain(one.oracle)}"
        for one in compared.mismatches[:SHOWN_MISMATCHES]
    ]


def write_refusals(path: Path, refusals: Iterable[Refusal]) -> None:
    """One line a refused row. Raises CommandError if the file cannot be written."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(field.name for field in fields(Refusal))
            rows.writerows([_harmless(str(value)) for value in asdict(one).values()] for one in refusals)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _harmless(cell: str) -> str:
    """A spreadsheet runs what begins like a formula; a row of somebody's file may."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
