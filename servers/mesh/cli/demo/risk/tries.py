"""Members who try codes of cards that they do not have, and what becomes of each try."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from clients import NectaryError
from servers.mesh.cli.session import Mesh

NO_SUCH_CARD = "CARD_NOT_FOUND"
"""What a try is answered that was let through: Identity looked, and there is no such card."""


@dataclass(frozen=True)
class Try:
    """One call of RedeemCard."""

    reason: str
    """Why it was refused, or that there is no such card."""
    decision_id: str
    """Empty if it was let through."""
    answered: float
    """On the loop's clock."""
    hint_seconds: float
    """After which it may come again; 0 if nothing was said of that."""

    @property
    def was_let_through(self) -> bool:
        return self.reason == NO_SUCH_CARD


async def tries(mesh: Mesh, member_id: str, count: int) -> list[Try]:
    """So many, all at once, by a member through the channel that brings its token."""
    return await asyncio.gather(*(one_try(mesh, member_id, number) for number in range(count)))


async def one_try(mesh: Mesh, member_id: str, number: int = 0) -> Try:
    """One of them."""
    loop = asyncio.get_running_loop()
    try:
        await mesh.identity.redeem_card(member_id, f"GUESS-{number:06}")
    except NectaryError as error:
        decision_id, hint = error.metadata.get("decision_id", ""), error.retry_after_seconds or 0.0
        return Try(error.reason, decision_id, loop.time(), hint)
    return Try("redeemed", "", loop.time(), 0.0)


def let_through(made: Sequence[Try]) -> int:
    return sum(one.was_let_through for one in made)


def refusals(made: Sequence[Try]) -> list[Try]:
    return [one for one in made if not one.was_let_through]


def tries_table(rows: Sequence[tuple[str, Sequence[Try]]]) -> Table:
    """A bar for each member: a mark for each try, those let through first."""
    table = Table("", "tries", "let through", "refused", "", box=None, padding=(0, 2, 0, 0))
    for name, made in rows:
        passed = let_through(made)
        bar = Text("#" * passed, style="green") + Text("." * (len(made) - passed), style="red")
        table.add_row(name, str(len(made)), str(passed), str(len(made) - passed), bar)
    return table
