"""The sale of one activity: commands, one after the other in the order of their arrival, become outcomes.

Each command sees what those before it left, so the last units of a group go to the first who asked, and
the others are told that it is sold out: no group is refused as a whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from domain.seckill.book import Book
from domain.seckill.commands import Cancel, Command, Deliver, Expire, Pay, RefuseDelivery, Reserve
from domain.seckill.done import Done
from domain.seckill.ending import cancel, expire
from domain.seckill.paying import deliver, pay, refuse_delivery
from domain.seckill.reserving import reserve
from domain.shared.errors import DomainError

Outcome = Done | DomainError
"""A refusal is a value here: it leaves nothing in the book."""

_RULES: Mapping[type[Any], Callable[[Any, Book], Done]] = {
    Reserve: reserve,
    Pay: pay,
    Cancel: cancel,
    Expire: expire,
    Deliver: deliver,
    RefuseDelivery: refuse_delivery,
}


def decide(command: Command, book: Book) -> Outcome:
    """One command."""
    try:
        return _RULES[type(command)](command, book)
    except DomainError as refusal:
        return refusal


def decide_all(commands: Iterable[Command], book: Book) -> Sequence[Outcome]:
    """A group, in the order of its arrival; `book.changes` is what it leaves."""
    return [decide(command, book) for command in commands]
