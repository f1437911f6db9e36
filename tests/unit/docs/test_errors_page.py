"""docs/errors.md and the contract list the same reasons, with the same codes and metadata."""

import re

from nectary.common.v1 import error_reason_pb2
from tests.architecture.sources import ROOT
from tests.unit.docs.pages import table

PROTO = ROOT / "proto" / "nectary" / "common" / "v1" / "error_reason.proto"
VALUE = re.compile(r"((?:  // .+\n)+)  ERROR_REASON_(\w+) = \d+;")
ROWS = table(ROOT / "docs" / "errors.md", "reason")


def promised() -> dict[str, tuple[str, set[str]]]:
    """Code and metadata of each reason, as the comments of the contract have them."""
    found = {}
    for comment, reason in VALUE.findall(PROTO.read_text()):
        text = comment.replace("  // ", "").replace("\n", " ")
        _, _, metadata = text.partition("Metadata: ")
        found[reason] = (text.partition(":")[0], set(re.findall(r"`(\w+)`", metadata)))
    del found["UNSPECIFIED"]
    return found


def test_the_page_lists_every_reason_once_in_the_order_of_the_contract() -> None:
    declared = [
        value.name.removeprefix("ERROR_REASON_") for value in error_reason_pb2.ErrorReason.DESCRIPTOR.values
    ]
    assert [row[0] for row in ROWS] == declared[1:]


def test_codes_and_metadata_are_those_of_the_contract() -> None:
    listed = {row[0]: (row[1], set(row[2].split(", ")) - {"–"}) for row in ROWS}
    assert listed == promised()


def test_every_reason_says_what_it_means_and_what_the_caller_does() -> None:
    assert [row[0] for row in ROWS if len(row) != 5 or not all(row)] == []
