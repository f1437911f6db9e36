"""One line of the doctor's report."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do about it."""

    level: Literal["ok", "warn", "fail"]
    what: str
    detail: str
    hint: str = ""


def ok(what: str, detail: str) -> Finding:
    return Finding("ok", what, detail)


def warn(what: str, detail: str, hint: str) -> Finding:
    """It works, and may not be what was meant."""
    return Finding("warn", what, detail, hint)


def fail(what: str, detail: str, hint: str) -> Finding:
    """It does not work."""
    return Finding("fail", what, detail, hint)


def first_line(error: Exception) -> str:
    """What a driver says, without its pages of detail."""
    return str(error).partition("\n")[0] or type(error).__name__
