"""Catalogue files: what they say reaches the contract, and what is wrong is found at its line."""

import json
from pathlib import Path

import pytest
import yaml
from google.protobuf.json_format import MessageToDict, ParseDict

from nectary.identity.v1 import catalog_pb2
from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.files import FileError
from servers.mesh.cli.messages import read_catalog, read_honey_rules
from servers.mesh.cli.replay.settings import read_settings
from tests.scenario.cli.running import CATALOG

BILLION_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
)


def written(folder: Path, text: str) -> Path:
    path = folder / "catalog.yaml"
    path.write_text(text)
    return path


def flaws(folder: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(FileError) as caught:
        read_catalog(written(folder, text))
    return [(flaw.line, f"{flaw.where}: {flaw.what}") for flaw in caught.value.flaws]


def test_the_example_reads_as_protobuf_reads_it() -> None:
    data = next(yaml.safe_load_all(CATALOG.read_text()))
    assert read_catalog(CATALOG) == ParseDict(data, catalog_pb2.Catalog())


def test_json_is_read_too(tmp_path: Path) -> None:
    data = MessageToDict(read_catalog(CATALOG), preserving_proto_field_name=True)
    assert read_catalog(written(tmp_path, json.dumps(data))) == read_catalog(CATALOG)


def test_every_flaw_is_named_with_its_line(tmp_path: Path) -> None:
    text = """\
spus:
  - spu_id: gold
    titel: Gold
    display_weight: much
skus:
  - sku_id: gold_annual
    duration: {count: 1, unit: PERIOD_UNIT_YAER}
    price: 299
    sale_start_time: tomorrow
relations: none
"""
    assert flaws(tmp_path, text) == [
        (3, "spus[0].titel: no such field; is title meant?"),
        (4, "spus[0].display_weight: a whole number of 32 bits is wanted here, not 'much'"),
        (7, "skus[0].duration.unit: no such PeriodUnit: PERIOD_UNIT_YAER; is PERIOD_UNIT_YEAR meant?"),
        (8, "skus[0].price: fields are wanted here, as `name: value`"),
        (9, "skus[0].sale_start_time: a time such as 2027-01-31T10:00:00+08:00 is wanted here"),
        (10, "relations: a list is wanted here"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "empty"),
        ("spus: [}", 1, "expected"),
        ("spus: []\nspus: []", 2, "given twice"),
        ("skus:\n  - rank: 3000000000", 2, "a whole number of 32 bits"),
        ("skus:\n  - rank: [1]", 2, "one value is wanted"),
        (BILLION_LAUGHS, 1, "more than 500,000 values"),
    ],
    ids=["empty", "not yaml", "twice", "too large", "not one", "billion laughs"],
)
def test_what_is_no_catalogue_is_refused(tmp_path: Path, text: str, line: int, what: str) -> None:
    (found, said), *_ = flaws(tmp_path, text)
    assert found == line
    assert what in said


def test_of_things_that_exclude_each_other_one_is_given(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("programmes:\n- tiers:\n    window:\n      calendar_year: {}\n      rolling_months: 3\n")
    with pytest.raises(FileError) as caught:
        read_honey_rules(path)
    assert [(flaw.line, flaw.where, flaw.what) for flaw in caught.value.flaws] == [
        (5, "programmes[0].tiers.window.rolling_months", "given beside calendar_year: only one of them")
    ]


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        read_catalog(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("zone: America/New_York", "zone: America/New_Yok", "no such time zone"),
        ('time_of_day: "12:00:00"', "time_of_day: noon", "a time such as"),
        ("columns: {member: customer_id, ", "columns: {", "the fields must be amount, date, member"),
        ('from_amount: "12.00"', "from_amount: twelve", "no amount"),
        ("channel: ACQUISITION_CHANNEL_MINI_PROGRAM}", "channel: SHOP}", "no such channel"),
        ("\nreplay:", "\nreplays:", "no document"),
    ],
)
def test_replay_settings_are_checked(tmp_path: Path, old: str, new: str, what: str) -> None:
    text = CATALOG.read_text()
    assert old in text
    with pytest.raises(CommandError, match=what):
        read_settings(written(tmp_path, text.replace(old, new)))
