"""What clients asked and were told, a JSON object a line: the only witness beside the stores."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OK = 0
UNKNOWN = frozenset({1, 2, 4, 13, 14})
"""Codes after which a caller cannot know whether he has bought: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED,
INTERNAL, UNAVAILABLE."""

Key = tuple[str, str, str]
"""Activity, member, request id."""


@dataclass(frozen=True, slots=True)
class Said:
    """One ReserveUnit and its answer. Instants are seconds since the epoch."""

    activity: str
    member: str
    request: str
    quantity: int
    sent: float
    ended: float
    deadline_seconds: float
    code: int
    reason: str
    order: str = ""
    """Of a success."""
    answer: str = ""
    """A digest of a success's bytes, which shall never change."""

    @property
    def key(self) -> Key:
        return self.activity, self.member, self.request


@dataclass(frozen=True, slots=True)
class Found:
    """What GetResult said afterwards of a request whose answer was unknown."""

    activity: str
    member: str
    request: str
    state: str
    """ORDERED, PENDING or NONE."""
    order: str = ""

    @property
    def key(self) -> Key:
        return self.activity, self.member, self.request


@dataclass(frozen=True)
class Log:
    """All of it."""

    said: list[Said]
    found: list[Found]


def write_log(path: Path, entries: Iterable[Said | Found]) -> None:
    """Appends to a log."""
    with path.open("a", encoding="utf-8") as file:
        for entry in entries:
            file.write(json.dumps({"kind": type(entry).__name__} | asdict(entry)) + "\n")


def read_logs(paths: Iterable[Path]) -> Log:
    """Raises ValueError for a line that is none of ours: a log cut off in the middle proves nothing."""
    log = Log([], [])
    for kind, entry in _lines(paths):
        if kind == "Said":
            log.said.append(Said(**entry))
        elif kind == "Found":
            log.found.append(Found(**entry))
        else:
            raise ValueError(f"no such entry: {kind}")
    return log


def _lines(paths: Iterable[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in paths:
        with path.open(encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                yield entry.pop("kind"), entry
