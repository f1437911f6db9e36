"""The manual of Honey's rules misses no field."""

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import Descriptor

from nectary.honey.v1 import honey_pb2

MANUAL = Path(__file__).parents[3] / "docs" / "honey.md"


def fields(message: Descriptor) -> Iterator[str]:
    """Of a message, and of those in it."""
    for field in message.fields:
        yield field.name
        if field.message_type and field.message_type.file.package == message.file.package:
            yield from fields(field.message_type)


def test_every_field_of_the_rules_is_in_the_manual() -> None:
    section = MANUAL.read_text().partition("## Rules of earning")[2].partition("\n## ")[0]
    missing = [name for name in set(fields(honey_pb2.Rules.DESCRIPTOR)) if name not in section]
    assert not missing
