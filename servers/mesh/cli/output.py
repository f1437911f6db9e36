"""Where a command's results go: for people, or with `--json` for programs.

Standard output carries results only; progress and errors go to standard error. With `--json` there is
one document, or one a line where results come one by one, without colour and with the contract's names.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rich.console import Console, RenderableType

CONTROL = dict.fromkeys((*range(32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")


def plain(text: str) -> str:
    """Text from elsewhere without what would steer the terminal."""
    return text.translate(CONTROL)


def data_of(message: "Message") -> dict[str, Any]:
    """A message in the JSON form of protobuf: every key always there, 64-bit numbers as strings."""
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


class Output:
    """Standard output and standard error of one command."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    @cached_property
    def console(self) -> "Console":
        """For people; silent with `--json`."""
        from rich.console import Console

        return Console(file=sys.stdout, highlight=False, emoji=False, quiet=self.as_json)

    @cached_property
    def errors(self) -> "Console":
        from rich.console import Console

        return Console(file=sys.stderr, highlight=False, emoji=False, soft_wrap=True)

    def show(self, *parts: "RenderableType") -> None:
        """Prints for people, as it is: square brackets are no markup."""
        for part in parts:
            # A line stays one line however narrow the terminal is, so that grep finds it.
            self.console.print(part, markup=False, soft_wrap=isinstance(part, str))

    def document(self, value: "Mapping[str, Any] | Message") -> None:
        """The result, for programs: nothing without `--json`."""
        if self.as_json:
            print(json.dumps(_data(value), indent=2, ensure_ascii=False))

    def line(self, value: "Mapping[str, Any] | Message") -> None:
        """One of many results, for programs, seen at once by whoever reads the pipe."""
        if self.as_json:
            print(json.dumps(_data(value), ensure_ascii=False), flush=True)

    @contextmanager
    def progress(self, what: str, total: int | None) -> "Iterator[Step]":
        """A bar on standard error, if that is a terminal; `total` None: nobody knows how long it takes."""
        if self.as_json or not self.errors.is_terminal:
            yield Step()
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.errors, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield Step(lambda amount, doing: bar.update(task, advance=amount, description=doing or what))


class Step:
    """Moves a progress bar, or nothing."""

    def __init__(self, move: Any = None) -> None:
        self._move = move

    def __call__(self, amount: float = 1, doing: str = "") -> None:
        """`amount` more is done; `doing` names what comes now."""
        if self._move:
            self._move(amount, doing)


def _data(value: "Mapping[str, Any] | Message") -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else data_of(value)
