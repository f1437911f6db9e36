"""Files of purchases: what can be read is bought in order of time, what cannot is reported."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.replay.purchases import Purchase, Refusal, read_purchases
from servers.mesh.cli.replay.report import write_refusals
from servers.mesh.cli.replay.schedule import waves
from servers.mesh.cli.replay.settings import read_settings
from tests.scenario.cli.running import CATALOG, EXAMPLES

SETTINGS = read_settings(CATALOG)
HEADING = "customer_id,date,quantity,amount_usd\n"


def read(folder: Path, *rows: str) -> tuple[list[Purchase], list[Refusal]]:
    path = folder / "purchases.csv"
    path.write_text(HEADING + "".join(f"{row}\n" for row in rows))
    return read_purchases(path, SETTINGS)


def test_the_example_is_read_whole() -> None:
    purchases, refusals = read_purchases(EXAMPLES / "purchases.csv", SETTINGS)
    assert len(purchases) == 6_919
    assert len({purchase.member_id for purchase in purchases}) == 2_357
    assert not refusals


def test_the_amount_chooses_the_card(tmp_path: Path) -> None:
    purchases, _ = read(tmp_path, "a,1997-01-01,1,11.99", "b,1997-01-01,1,12.00", "c,1997-01-01,1,9999")
    assert [one.band.sku_id for one in purchases] == ["gold_7day", "gold_monthly", "student_year"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",1997-01-01,1,29.33", "ROW_MEMBER"),
        ("two words,1997-01-01,1,29.33", "ROW_MEMBER"),
        (f"{'x' * 37},1997-01-01,1,29.33", "ROW_MEMBER"),
        ("a,1997-02-29,1,29.33", "ROW_DATE"),
        ("a,01/02/1997,1,29.33", "ROW_DATE"),
        ("a,0001-01-01,1,29.33", "ROW_DATE"),
        ("a,1997-01-01,1,", "ROW_AMOUNT"),
        ("a,1997-01-01,1,free", "ROW_AMOUNT"),
        ("a,1997-01-01,1,-1", "ROW_AMOUNT"),
        ("a,1997-01-01,1,NaN", "ROW_AMOUNT"),
        ("a,1997-01-01", "ROW_AMOUNT"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_with_its_line(tmp_path: Path, row: str, reason: str) -> None:
    purchases, refusals = read(tmp_path, "a,1997-01-01,1,29.33", row, "b,1997-01-01,1,29.33")
    assert [one.line for one in purchases] == [2, 4]
    assert [(one.line, one.reason) for one in refusals] == [(3, reason)]


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "purchases.csv"
    path.write_text("who,when\n")
    with pytest.raises(CommandError, match="no column amount_usd, customer_id, date"):
        read_purchases(path, SETTINGS)


def test_no_two_purchases_of_a_member_happen_at_one_moment(tmp_path: Path) -> None:
    rows = [
        "a,1997-01-02,1,1",
        "a,1997-01-01,1,2",
        "a,1997-01-01,1,3",
        "b,1997-01-01,1,4",
        "a,1997-01-01,1,5",
    ]
    purchases, _ = read(tmp_path, *rows)
    played = [(wave.at, [int(one.amount) for one in wave.purchases]) for wave in waves(purchases, SETTINGS)]
    noon = datetime(1997, 1, 1, 17, tzinfo=UTC)
    assert played == [
        (noon, [2, 4]),
        (noon.replace(second=1), [3]),
        (noon.replace(second=2), [5]),
        (noon.replace(day=2), [1]),
    ]


def test_days_are_those_of_the_zone_also_when_clocks_change(tmp_path: Path) -> None:
    purchases, _ = read(tmp_path, "a,1997-04-05,1,1", "a,1997-04-06,1,1")
    winter, summer = (wave.at for wave in waves(purchases, SETTINGS))
    assert (winter.hour, summer.hour) == (17, 16)


def test_what_a_spreadsheet_would_run_is_quoted_in_the_report(tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    write_refusals(path, [Refusal(2, "=cmd()", "1997-01-01", "1", "", "ROW_MEMBER", "no")])
    assert path.read_text().splitlines()[1] == "2,'=cmd(),1997-01-01,1,,ROW_MEMBER,no"


def test_a_purchase_keeps_what_the_file_said(tmp_path: Path) -> None:
    (purchase,), _ = read(tmp_path, " a ,1997-01-01,1, 29.33 ")
    assert (purchase.member_id, purchase.day, purchase.amount) == ("a", date(1997, 1, 1), Decimal("29.33"))
