"""The pages for people, as text: what they link to, name, print and tabulate."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.architecture.sources import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fenced(page: Path, language: str) -> list[str]:
    """The blocks of a language."""
    return [body for kind, body in _FENCED.findall(page.read_text()) if kind == language]


def prose(page: Path) -> str:
    """Everything but fenced blocks."""
    return _FENCED.sub("", page.read_text())


def inline_code(page: Path) -> list[str]:
    return _INLINE.findall(prose(page))


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """What `#...` can name: headings in lower case, dashes for spaces, without other marks."""
    headings = _HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(page: Path, first_header: str) -> list[Sequence[str]]:
    """The rows of all tables whose first column has this header, cell by cell, without backticks."""
    return list(_rows(prose(page), first_header))


def _rows(text: str, first_header: str) -> Iterator[Sequence[str]]:
    inside = False
    for line in text.splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif inside and not cells[0].startswith("--"):
            yield cells
        elif cells[0] == first_header:
            inside = True
