"""YAML and JSON files in which a complaint can name its line.

A file is read as a tree of nodes with their places, not as plain data: `no` stays the text that was
written, and what is wrong is found where it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from servers.mesh.cli.exits import CommandError

MAX_BYTES = 4 * 1024 * 1024
MAX_NODES = 500_000
"""Aliases make a small file large; a catalogue of the largest size has fewer nodes."""


@dataclass(frozen=True)
class Flaw:
    """One thing wrong with a file."""

    line: int
    """From 1."""
    where: str
    """Path in the file: `skus[2].price`."""
    what: str


class FileError(CommandError):
    """A file that cannot be used, with everything that is wrong with it."""

    def __init__(self, path: Path, flaws: list[Flaw]) -> None:
        shown = [f"{path}:{flaw.line}: {flaw.where}: {flaw.what}".replace(": :", ":") for flaw in flaws]
        super().__init__("\n".join(shown))
        self.flaws = tuple(flaws)


def read_documents(path: Path) -> list[yaml.Node]:
    """The documents of a file. Raises FileError for one that is missing, too large or no YAML."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(path, [Flaw(1, "", f"larger than {MAX_BYTES:,} bytes")])
        documents = list(yaml.compose_all(path.read_text("utf-8"), Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileError(path, [Flaw(line, "", error.problem or "not YAML")]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileError(path, [Flaw(1, "", f"not YAML in UTF-8: {error}")]) from error
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    if sum(1 for document in documents for _ in _walk(document)) > MAX_NODES:
        raise FileError(path, [Flaw(1, "", f"more than {MAX_NODES:,} values")])
    return documents


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _walk(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node as often as it is used, up to one more than the bound."""
    waiting, seen = [root], 0
    while waiting and seen <= MAX_NODES:
        node = waiting.pop()
        seen += 1
        yield node
        if isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
