"""How one setting is read: from text (environment) or a typed value (file), or refused in plain words."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
SPEC = "setting"
_MAX_TEXT = 1000


@dataclass(frozen=True)
class Spec:
    """What a setting takes."""

    read: Callable[[object], Any]
    """Raises ValueError or TypeError on anything else."""
    allowed: str
    """For people."""
    is_secret: bool = False


@dataclass(frozen=True)
class Problem:
    """One setting that cannot be used."""

    key: str
    read: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.key}: read {self.read}; allowed: {self.allowed}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def _field(default: T, spec: Spec) -> T:
    # dataclasses.field is typed as its default, too: that is how a field gets its metadata.
    return field(default=default, metadata={SPEC: spec}, repr=not spec.is_secret)


def text(
    default: str, allowed: str, *, is_secret: bool = False, check: Callable[[str], None] | None = None
) -> str:
    """`check` raises ValueError on a text that cannot be used."""

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > _MAX_TEXT:
            raise ValueError
        if check is not None:
            check(value)
        return value

    return _field(default, Spec(read, allowed, is_secret))


def choice(default: str, *options: str) -> str:
    def read(value: object) -> str:
        # In TOML, on and off may well be written as truth values.
        word = {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
        if word not in options:
            raise ValueError
        return word

    return _field(default, Spec(read, " | ".join(options)))


def whole(default: int, least: int, most: int, unit: str = "") -> int:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str) or not least <= int(value) <= most:
            raise ValueError
        return int(value)

    return _field(default, Spec(read, f"{least:,} to {most:,} {unit}".rstrip()))


def number(default: float, least: float, most: float, unit: str = "") -> float:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError
        if not least <= float(value) <= most:
            raise ValueError
        return float(value)

    return _field(default, Spec(read, f"{least:g} to {most:g} {unit}".rstrip()))


def switch(default: bool) -> bool:
    words = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}

    def read(value: object) -> bool:
        return words[str(value).lower()]

    return _field(default, Spec(read, "on | off"))


def optional_path(allowed: str) -> Path | None:
    def read(value: object) -> Path | None:
        if not isinstance(value, str):
            raise TypeError
        return Path(value) if value else None

    return _field(None, Spec(read, allowed))


def folder(default: str) -> Path:
    def read(value: object) -> Path:
        if not isinstance(value, str) or not value:
            raise ValueError
        return Path(value)

    return _field(Path(default), Spec(read, "a path; made if it is missing"))


def read_values(
    given: Mapping[str, object], specs: Mapping[str, Spec]
) -> tuple[dict[str, Any], list[Problem]]:
    """The values that could be read, and what is wrong with the others."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, raw in given.items():
        spec = specs.get(key)
        if spec is None:
            problems.append(Problem(key, repr(raw), "no such setting"))
            continue
        try:
            values[key] = spec.read(raw)
        except (ValueError, TypeError, KeyError):
            problems.append(Problem(key, "(a secret)" if spec.is_secret else repr(raw), spec.allowed))
    return values, problems


def read_file(path: Path) -> Mapping[str, object]:
    """The settings of a TOML file. Raises ConfigError if it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError([Problem("config", f"{path} ({error})", "a TOML file")]) from error
