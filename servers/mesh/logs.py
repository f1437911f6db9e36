"""Structured logs: one JSON object a line on standard error, safe against what callers put into them."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, BinaryIO, cast

import orjson
import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
MAX_TEXT = 2_000
MAX_TRACE = 16_000


def configure_logs(level: str) -> None:
    """Sets up structlog for the process. `level` is a key of LEVELS."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _bounded,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _Losing(sys.stderr.buffer))),
        cache_logger_on_first_use=False,
    )


class _Losing:
    """A file whose failures stay its own: a full disk costs lines of the log, never calls (F-38)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: bytes) -> None:
        with suppress(OSError):
            self._file.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def _bounded(_logger: Any, _method: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cuts what a caller made long. Line ends and control characters are escaped by JSON itself."""
    for key, value in record.items():
        if isinstance(value, str):
            limit = MAX_TRACE if key == "exception" else MAX_TEXT
            # The end of a trace tells more than its beginning.
            kept = value[-limit:] if key == "exception" else value[:limit]
            # Half a surrogate pair is text to Python and an error to JSON.
            record[key] = kept.encode("utf-8", "replace").decode("utf-8")
    return record


def _json(record: Any, **_: Any) -> bytes:
    return orjson.dumps(record, default=repr)
