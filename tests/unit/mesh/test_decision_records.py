"""A record as a line of JSON, whatever callers put into it (A-12)."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.mesh.judging.record import (
    MAX_EVIDENCE_BYTES,
    MAX_LINE_BYTES,
    MAX_TEXT,
    from_line,
    plain_json,
    to_line,
)
from tests.unit.mesh.records import a_record, a_refusal

ANYTHING = st.text(st.characters(), max_size=300)
"""Half surrogate pairs too: the wire cannot carry them, and nothing here may rely on that."""


def line_of(**fields: Any) -> bytes:
    record = a_refusal(**fields)
    return to_line(record, plain_json(record.evidence))


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_a12_any_text_is_one_valid_bounded_line(caller: str, member: str, reason: str, scene: str) -> None:
    line = line_of(caller=caller, subjects=(("MEMBER", member),), reason=reason, scene=scene)

    assert line.decode("utf-8").isprintable(), "no line end, no escape sequence, of either width"
    assert len(line) < MAX_LINE_BYTES
    read = from_line(line)
    assert len(read.caller) <= MAX_TEXT
    assert read.decision_id == "decision-1"


@pytest.mark.parametrize(
    "hostile",
    ["a\r\nb", '","outcome":"ALLOW","x":"', "\x1b[31mred", "\x9b31m", "\u2028", "x" * 1_000_000, "\udc80"],
    ids=["line ends", "break-out", "terminal", "wide terminal", "separator", "megabyte", "half a pair"],
)
def test_a12_a_hostile_name_stays_a_name(hostile: str) -> None:
    line = line_of(subjects=(("DEVICE", hostile),), would=((hostile, 1, "DENY"),))
    read = orjson.loads(line)
    assert read["outcome"] == "THROTTLE"
    assert list(read) == list(a_record()._fields)
    assert b"\n" not in line
    assert b"\r" not in line
    assert b"\x1b" not in line


def test_a_record_is_the_same_when_it_is_read_again() -> None:
    record = a_refusal(7, would=(("spread", 3, "CHALLENGE"),), sampled=True)
    assert from_line(to_line(record, plain_json(record.evidence))) == record


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_a12_evidence_is_printable_and_the_same_when_it_is_read_again(text: str) -> None:
    line = line_of(evidence={"caller": text})
    assert line.decode().isprintable()
    assert from_line(line).evidence == {"caller": text}


def test_evidence_above_its_bound_is_left_out_and_the_record_stays() -> None:
    line = to_line(a_refusal(), b'"' + b"x" * MAX_EVIDENCE_BYTES + b'"')
    assert from_line(line).evidence is None


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        line_of().replace(b'"THROTTLE"', b'"WHATEVER"'),
        line_of().replace(b'"cost":5', b'"cost":-1'),
        line_of().replace(b'"cost":5', b'"cost":"5"'),
        line_of().replace(b'"gateway"', b'"' + b"g" * 17 + b'"'),
        line_of().replace(b'"decision-1"', b'""'),
        line_of().replace(b'"subjects":[[', b'"subjects":[["a","b","c"],['),
        line_of()[:-1] + b" " * MAX_LINE_BYTES + b"}",
    ],
)
def test_what_is_no_record_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # its text is for people
        from_line(broken)
