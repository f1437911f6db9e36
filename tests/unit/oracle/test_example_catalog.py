"""The shipped example says what it should: a valid catalogue, and a card for every purchase of the replay."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import protovalidate
import yaml
from google.protobuf import json_format

from nectary.identity.v1 import catalog_pb2 as pb

EXAMPLES = Path(__file__).parents[3] / "examples"


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    catalog, replay = yaml.safe_load_all((EXAMPLES / "nectary.example.yaml").read_text())
    return catalog, replay["replay"]


def test_the_example_is_a_valid_catalogue() -> None:
    catalog = json_format.ParseDict(documents()[0], pb.Catalog())
    protovalidate.validate(catalog)
    assert json_format.MessageToDict(catalog, preserving_proto_field_name=True)["skus"]


def test_every_residue_rule_and_policy_is_shown() -> None:
    relations = documents()[0]["relations"]
    residues = {row["residue"] for row in relations if "residue" in row}
    assert residues == set(pb.ResidueRule.keys()) - {"RESIDUE_RULE_UNSPECIFIED"}


def test_every_band_of_the_replay_names_a_card_that_its_source_and_channel_may_give() -> None:
    catalog, replay = documents()
    skus = {sku["sku_id"]: sku for sku in catalog["skus"]}
    for band in replay["bands"]:
        sku = skus[band["sku_id"]]
        assert band["source"] in sku.get("sources", [band["source"]])
        assert band["channel"] in sku.get("acquisition_channels", [band["channel"]])
    assert {band["sku_id"] for band in replay["bands"]} == set(skus)


def test_the_bands_begin_at_zero_and_rise() -> None:
    amounts = [Decimal(band["from_amount"]) for band in documents()[1]["bands"]]
    assert amounts[0] == 0
    assert amounts == sorted(set(amounts))


def test_the_purchases_are_all_there() -> None:
    with (EXAMPLES / "purchases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6919
    assert len({row["customer_id"] for row in rows}) == 2357
    assert set(documents()[1]["columns"].values()) <= set(rows[0])
