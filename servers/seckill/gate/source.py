"""What the gate must be told by whoever keeps the orders."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.seckill.gate import Key, OrderFact, Shape


class Source(Protocol):
    """The truth. Each answer is read from the database after the question was asked, or the gate drifts.

    Any of them may raise a DomainError, and then the gate stays as it is.
    """

    async def shape(self, activity_id: str) -> Shape | None:
        """None: there is nothing to sell, now or ever, and so no gate."""
        ...

    async def live(self, activity_id: str, keys: Sequence[Key]) -> Mapping[Key, OrderFact]:
        """Those of the orders of these requests that hold units."""
        ...

    async def page(self, activity_id: str, after: Key | None, limit: int) -> Sequence[OrderFact]:
        """At most `limit` orders after a key, in order of their keys. Empty: there are no more.

        Those that hold nothing any more come too, with 0 units.
        """
        ...
