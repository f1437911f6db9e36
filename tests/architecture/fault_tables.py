"""Tables of docs that say which test shows which fault, held against the tests themselves."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.architecture.sources import ROOT

FILE = re.compile(r"`((?:tests|benchmarks)/[\w/]+\.py)`")
Cites = Callable[[str], set[str]]
"""The faults that a text names."""
Pair = tuple[str, str]
"""A fault and a file."""


def numbers(text: str, prefix: str = "") -> set[int]:
    """Those that follow the prefix: of `F-04, F-06 to F-08` with `F-`, 4, 6, 7 and 8."""
    spans = re.findall(rf"{prefix}(\d+)(?: to {prefix}(\d+))?", text)
    return {number for first, last in spans for number in range(int(first), int(last or first) + 1)}


def text_of(file: str) -> str:
    """Without its line breaks, which may stand anywhere in a sentence."""
    return " ".join((ROOT / file).read_text("utf-8").split())


@dataclass(frozen=True)
class FaultTable:
    """The tables of one page whose first cells are of one kind."""

    page: str
    fault: str
    """A pattern of those first cells."""

    def rows(self) -> dict[str, str]:
        """Each fault, and all that is said of it."""
        text = (ROOT / "docs" / self.page).read_text("utf-8")
        return {row[1]: row[0] for row in re.finditer(rf"^\| ({self.fault}) \|.*$", text, re.MULTILINE)}

    def files(self) -> dict[str, set[str]]:
        """Of each fault, the files that show it."""
        return {fault: set(FILE.findall(row)) for fault, row in self.rows().items()}

    def not_shown(self, cites: Cites) -> list[Pair]:
        """What a row promises of a file that does not speak of the fault."""
        pairs = [(fault, file) for fault, files in self.files().items() for file in files]
        return [(fault, file) for fault, file in pairs if fault not in cites(text_of(file))]

    def not_listed(self, cites: Cites) -> list[Pair]:
        """Tests that speak of a fault whose row does not name them."""
        files = self.files()
        return [
            (fault, file)
            for file in files_of_tests()
            for fault in cites(text_of(file))
            if file not in files.get(fault, ())
        ]


def files_of_tests() -> Iterator[str]:
    """All but those that judge the tables."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path.parent.name != "architecture":
            yield path.relative_to(ROOT).as_posix()
