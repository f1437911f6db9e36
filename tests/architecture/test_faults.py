"""The table of docs/faults.md is true: what it names shows that fault, and what shows one is in it."""

import re

from tests.architecture.fault_tables import FaultTable, numbers

TABLE = FaultTable("faults.md", r"[FA]-\d\d")
NAME = re.compile(r"def test_((?:[fa]_?\d\d_)+)")
NUMBER = re.compile(r"([fa])_?(\d\d)")
ELSEWHERE = {"A-01", "A-02", "A-03", "A-04", "A-05", "A-06", "A-07", "A-08", "A-09", "A-10", "A-11"}
"""Abuses of the wire, which docs/security.md tells of."""


def mentioned(text: str) -> set[str]:
    """The faults that it names anywhere: `F-04`, `F-04 to F-06`, `test_f04_…`."""
    return {f"{kind}-{number:02}" for kind in "FA" for number in numbers(text, f"{kind}-")} | named(text)


def named(text: str) -> set[str]:
    """The faults that are in the names of tests."""
    names = NAME.findall(text)
    found = {f"{kind.upper()}-{number}" for name in names for kind, number in NUMBER.findall(name)}
    return found - ELSEWHERE


def test_each_file_of_the_table_shows_its_fault() -> None:
    assert TABLE.not_shown(mentioned) == []
    assert len(TABLE.rows()) >= 40


def test_each_fault_that_a_test_is_named_after_is_in_the_table_with_its_file() -> None:
    assert TABLE.not_listed(named) == []
