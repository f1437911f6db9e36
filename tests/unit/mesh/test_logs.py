"""The log: one JSON object a line, whatever is put into it."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from servers.mesh.logs import MAX_TEXT, MAX_TRACE, configure_logs


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BytesIO]:
    written = io.BytesIO()
    text = io.TextIOWrapper(written, write_through=True)
    monkeypatch.setattr("sys.stderr", text)
    configure_logs("info")
    # The wrapper closes what it wraps when nobody holds it any more.
    yield written
    text.detach()
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "nasty", ["a\r\nb", "\x1b[31mred", '"}\n{"event":"forged"}', "\ud800", "\x00", "\u2028", "é" * 10]
)
def test_a_record_is_one_line_of_valid_json(lines: io.BytesIO, nasty: str) -> None:
    structlog.get_logger().info("call", method=nasty)
    (line,) = lines.getvalue().splitlines()
    assert json.loads(line)["event"] == "call"
    assert b"\x1b" not in line


def test_a_long_value_is_cut_and_a_long_trace_keeps_its_end(lines: io.BytesIO) -> None:
    structlog.get_logger().info("call", message="x" * 1_000_000, exception="y" * 1_000_000 + "the end")
    record = json.loads(lines.getvalue())
    assert len(record["message"]) == MAX_TEXT
    assert len(record["exception"]) == MAX_TRACE
    assert record["exception"].endswith("the end")


def test_what_is_below_the_level_is_not_written(lines: io.BytesIO) -> None:
    structlog.get_logger().debug("call")
    assert lines.getvalue() == b""


def test_values_that_json_does_not_know_are_written_as_text(lines: io.BytesIO) -> None:
    structlog.get_logger().info("call", value={1, 2}, error=ValueError("x"))
    assert json.loads(lines.getvalue())["error"] == "ValueError('x')"
