"""What the pages name exists: files, tests, headings, targets of make, commands and their options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from servers.mesh.cli.app import make_app
from tests.architecture.sources import ROOT
from tests.unit.docs.pages import PAGES, anchors, fenced, inline_code, links, name_of

FOLDERS = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
NAMED_FILE = re.compile(rf"((?:{'|'.join(FOLDERS)})/[\w./*-]*)(?:::(\w+))?")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
COMMAND = re.compile(r"^(?:\w+=\S+ )*(make|nectary|\.venv/bin/nectary)\b([^#;|>&\n]*)", re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page) if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"https?://", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@every_page
def test_named_files_and_tests_exist(page: Path) -> None:
    named = [found for code in inline_code(page) if (found := NAMED_FILE.fullmatch(code))]
    assert [found[0] for found in named if not exists(found[1], found[2])] == []


def exists(path: str, definition: str | None) -> bool:
    found = list(ROOT.glob(path.rstrip("/")))
    return bool(found) and (definition is None or f"def {definition}(" in found[0].read_text())


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command of the page's shell blocks: the program's name and its words."""
    for block in fenced(page, "sh"):
        for program, words in COMMAND.findall(block.replace("\\\n", " ")):
            yield Path(program).name, shlex.split(words)


@every_page
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    asked = {word for program, words in commands(page) if program == "make" for word in words}
    assert {word for word in asked if "=" not in word} <= targets


@every_page
def test_commands_and_their_options_exist(page: Path) -> None:
    root = get_command(make_app())
    wrong = [words for program, words in commands(page) if program == "nectary" and not known(root, words)]
    assert wrong == []


def known(command: object, words: list[str]) -> bool:
    """Whether the words lead down the tree of commands and name options that are there."""
    while isinstance(command, typer.core.TyperGroup) and words and not words[0].startswith("-"):
        command, words = command.commands.get(words[0]), words[1:]
    options = {name for one in getattr(command, "params", ()) for name in one.opts} | {"--help", "-h"}
    asked = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return command is not None and asked <= options
