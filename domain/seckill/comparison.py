"""The gate against the orders: what differs, and the one step that mends it.

Each difference is between one record and one order, and the order is read after the record was seen: so a
step that comes too late finds nothing left to do, and none can give a unit away twice.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from domain.seckill.gate import Answer, OrderFact, Verdict
from domain.shared.instants import SECOND, Instant

PATIENCE = 2 * SECOND
"""An attempt that has not ended after so long is taken for dead."""


class Difference(StrEnum):
    """What may be wrong."""

    ORDER_WITHOUT_RECORD = "ORDER_WITHOUT_RECORD"
    """An order that holds units, and no record."""
    ORDER_NOT_SETTLED = "ORDER_NOT_SETTLED"
    """The record does not know of its order."""
    CLAIM_WITHOUT_ORDER = "CLAIM_WITHOUT_ORDER"
    """An open record that no attempt will use any more."""
    RECORD_OF_ENDED_ORDER = "RECORD_OF_ENDED_ORDER"
    """A held record whose order holds no units."""
    RECORD_UNLIKE_ORDER = "RECORD_UNLIKE_ORDER"
    """Other units, or another tranche."""
    SETTINGS = "SETTINGS"
    """The gate knows an older revision of the activity."""
    UNBALANCED = "UNBALANCED"
    """What is left and what is set aside do not make up the stock."""
    GATE_MISSING = "GATE_MISSING"


LACKING = frozenset(
    {Difference.ORDER_WITHOUT_RECORD, Difference.ORDER_NOT_SETTLED, Difference.RECORD_UNLIKE_ORDER}
)
"""Mended by settling the order; the others by dropping the record, with its stamp."""


def difference(record: Answer, order: OrderFact | None, real: Instant) -> Difference | None:
    """Between a record (or ABSENT), seen at `real`, and its order, read afterwards; None if all is well.

    A young open record belongs to an attempt that is under way, and is left to it.
    """
    holds = order is not None and order.units > 0
    if record.verdict is Verdict.OPEN:
        if real - record.stamp <= PATIENCE:
            return None
        return Difference.ORDER_NOT_SETTLED if holds else Difference.CLAIM_WITHOUT_ORDER
    if order is None or not holds:
        return Difference.RECORD_OF_ENDED_ORDER if record.verdict is Verdict.HELD else None
    if record.verdict is Verdict.ABSENT:
        return Difference.ORDER_WITHOUT_RECORD
    is_like = (record.tranche, record.units) == (order.tranche, order.units)
    return None if is_like else Difference.RECORD_UNLIKE_ORDER


MOST_LISTED = 100


class Found(NamedTuple):
    """A difference, and whose record it is."""

    kind: Difference
    member_id: str = ""
    request_id: str = ""
    units: int = 0


@dataclass(slots=True)
class Comparison:
    """What a gate was found to hold, against the orders."""

    is_there: bool
    """Whether there was a gate; without, nothing else is said."""
    stock: tuple[int, ...] = ()
    """Of each tranche, by number from 1, as all that follows."""
    left: tuple[int, ...] = ()
    open_units: dict[int, int] = field(default_factory=dict)
    held_units: dict[int, int] = field(default_factory=dict)
    order_units: dict[int, int] = field(default_factory=dict)
    """Of orders that hold units."""
    differences: Counter[Difference] = field(default_factory=Counter)
    listed: list[Found] = field(default_factory=list)
    """The first MOST_LISTED of them."""
    is_repaired: bool = False
    """Whether it was mended, and all figures are those of after that."""
    is_still: bool = False
    """Whether nothing moved while it was looked at: only then must the figures fit exactly."""

    def note(self, found: Found) -> None:
        """Counts a difference, and keeps it if there is room."""
        self.differences[found.kind] += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(found)

    @property
    def is_balanced(self) -> bool:
        """Whether what is left and what is set aside make up the stock."""
        return all(
            left + self.open_units.get(number, 0) + self.held_units.get(number, 0) == stock
            for number, (stock, left) in enumerate(zip(self.stock, self.left, strict=True), start=1)
        )
