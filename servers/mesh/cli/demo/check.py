"""What was seen beside what must be seen."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from servers.mesh.cli.demo.story import Figure


@dataclass(frozen=True)
class Check:
    """One figure. None: not seen, or not expected at all."""

    name: str
    expected: Figure | None
    seen: Figure | None

    @property
    def passed(self) -> bool:
        return self.expected == self.seen

    def as_data(self) -> dict[str, object]:
        """For programs."""
        return {"name": self.name, "expected": self.expected, "seen": self.seen, "passed": self.passed}


def checks(seen: Mapping[str, Figure], expected: Mapping[str, Figure]) -> list[Check]:
    """One for every name on either side: a scene that notes nothing must not pass."""
    names = dict.fromkeys([*expected, *seen])
    return [Check(name, expected.get(name), seen.get(name)) for name in names]


def check_table(results: list[Check]) -> Table:
    table = Table("", "figure", "seen", box=None, padding=(0, 2, 0, 0))
    for check in results:
        verdict = Text("ok", style="green") if check.passed else Text("WRONG", style="bold red")
        seen = _shown(check.seen)
        table.add_row(
            verdict, check.name, seen if check.passed else f"{seen}\nexpected {_shown(check.expected)}"
        )
    return table


def _shown(figure: Figure | None) -> str:
    if isinstance(figure, list):
        return "\n".join(figure) or "none"
    return "nothing" if figure is None else f"{figure:,}" if isinstance(figure, int) else figure
