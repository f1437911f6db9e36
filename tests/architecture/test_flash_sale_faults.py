"""The tables of docs/flash-sale-faults.md are true, both ways: catalogue rows, crash points, invariants."""

import re
from pathlib import Path

import pytest

from tests.architecture.fault_tables import FILE, FaultTable, numbers
from tests.architecture.sources import ROOT

PAGE = "flash-sale-faults.md"
ROWS = FaultTable(PAGE, r"\d+")
CRASH_POINTS = FaultTable(PAGE, r"CP\d")
INVARIANTS = FaultTable(PAGE, r"I\d")
CANNOT = "cannot happen here"
LIST = re.compile(r"\b[Rr]ows? (\d+(?:(?:,| and|, and| to) \d+)*)")


def rows_in(text: str) -> set[str]:
    """`row 3`, `rows 3, 5 and 7 to 9`."""
    return {str(number) for listed in LIST.findall(text) for number in numbers(listed)}


def crash_points_in(text: str) -> set[str]:
    return {f"CP{number}" for number in numbers(text, r"\bCP")}


def invariants_in(text: str) -> set[str]:
    return {f"I{number}" for number in numbers(text, r"\bI")}


def test_a_list_is_read_whole() -> None:
    assert rows_in("Row 3; rows 5, 7 and 9 to 11. No arrows 4, and 12 rows.") == {
        "3",
        "5",
        "7",
        "9",
        "10",
        "11",
    }
    assert crash_points_in("CP1, CP3 to CP5, SCP7") == {"CP1", "CP3", "CP4", "CP5"}


def test_no_row_crash_point_or_invariant_is_missing() -> None:
    assert set(ROWS.rows()) == {str(number) for number in range(1, 34)}
    assert set(CRASH_POINTS.rows()) == {f"CP{number}" for number in range(1, 10)}
    assert set(INVARIANTS.rows()) == {f"I{number}" for number in range(1, 9)}
    silent = [row for row, text in ROWS.rows().items() if not FILE.search(text) and CANNOT not in text]
    assert silent == []


def test_each_file_that_is_named_shows_what_it_is_named_for() -> None:
    assert ROWS.not_shown(rows_in) == []
    assert CRASH_POINTS.not_shown(crash_points_in) == []
    assert INVARIANTS.not_shown(invariants_in) == []


def test_each_test_that_cites_a_row_or_a_crash_point_is_named() -> None:
    assert ROWS.not_listed(rows_in) == []
    assert CRASH_POINTS.not_listed(crash_points_in) == []


@pytest.mark.parametrize("file", sorted(set(FILE.findall((ROOT / "docs" / PAGE).read_text("utf-8")))))
def test_each_file_is_there(file: str) -> None:
    assert Path(ROOT / file).is_file()
