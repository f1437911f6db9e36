"""The table of docs/faults.md is true: what it names shows that fault, and what shows one is in it."""

import re

from tests.architecture.sources import ROOT

ROW = re.compile(r"^\| ([FA]-\d\d) \|.*$", re.MULTILINE)
FILE = re.compile(r"`(tests/[\w/]+\.py)`")
NAME = re.compile(r"def test_((?:[fa]_?\d\d_)+)")
NUMBER = re.compile(r"([fa])_?(\d\d)")
RANGE = re.compile(r"([FA])-(\d\d) to [FA]-(\d\d)")
ELSEWHERE = {"A-01", "A-02", "A-03", "A-04", "A-05", "A-06", "A-07", "A-08", "A-09", "A-10", "A-11"}
"""Abuses of the wire, which docs/security.md tells of."""


def table() -> dict[str, set[str]]:
    """The files that show each fault."""
    text = (ROOT / "docs" / "faults.md").read_text("utf-8")
    return {row[1]: set(FILE.findall(row[0])) for row in ROW.finditer(text)}


def mentioned(file: str) -> set[str]:
    """The faults that a file names anywhere: `F-04`, `F-04 to F-06`, `test_f04_…`."""
    text = (ROOT / file).read_text("utf-8")
    ranges = {
        f"{kind}-{number:02}"
        for kind, first, last in RANGE.findall(text)
        for number in range(int(first), int(last) + 1)
    }
    return ranges | set(re.findall(r"[FA]-\d\d", text)) | named(text)


def named(text: str) -> set[str]:
    """The faults that are in the names of tests."""
    names = NAME.findall(text)
    return {f"{kind.upper()}-{number}" for name in names for kind, number in NUMBER.findall(name)}


def test_each_file_of_the_table_shows_its_fault() -> None:
    pairs = [(fault, file) for fault, files in table().items() for file in files]
    wrong = [(fault, file) for fault, file in pairs if fault not in mentioned(file)]
    assert not wrong
    assert len(table()) >= 40


def test_each_fault_that_a_test_is_named_after_is_in_the_table_with_its_file() -> None:
    shown = table()
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    missing = [
        (fault, file)
        for file in files
        for fault in named((ROOT / file).read_text("utf-8")) - ELSEWHERE
        if file not in shown.get(fault, ())
    ]
    assert not missing
