"""Lots: what one earning brought, with an expiry of its own, and the order in which lots are burnt."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.shared.instants import LATEST, Instant, Period

PROGRAMME = ""
"""Pays for lots that no merchant pays for."""

_OF = "."

BurnKey = tuple[int, Instant, Instant, int]


@dataclass(frozen=True, slots=True)
class Lot:
    """Where the points of one earning are."""

    lot_id: str
    wallet_id: str
    earned: int
    active_from: Instant
    expires: Instant | None
    """The first instant at which it can no longer be spent; None: never."""
    funding: str = PROGRAMME
    """The merchant who pays for it."""
    priority: int = 0
    """Lots of a lower number are burnt first."""
    number: int = 0
    """1, 2, 3 … in the wallet, in the order in which they were written."""
    cause: str = ""
    """The order, event or other thing that brought it."""
    pending: int = 0
    active: int = 0
    held: int = 0
    owed: int = 0
    """Taken back after it was spent, and not repaid yet."""
    expired: int = 0
    reversed: int = 0
    waived: int = 0
    """Undone after it was spent, and given up."""
    sliding: Period | None = None
    """It lives on as the member is active: through the end of the day so long after. None: it does not."""

    @property
    def was_transferred(self) -> bool:
        """Whether it came from another wallet: then it is no earning that could be undone."""
        return _OF in self.lot_id

    @property
    def remaining(self) -> int:
        """What is left of it for the member, now or later."""
        return self.pending + self.active + self.held

    @property
    def stands(self) -> int:
        """What of the earning has not been undone."""
        return self.earned - self.reversed - self.waived

    @property
    def slides(self) -> bool:
        """Whether something of it lives on as the member is active."""
        return self.sliding is not None and self.remaining > 0

    @property
    def due(self) -> Instant | None:
        """When something happens to it next, unless a command is first."""
        if self.pending:
            return self.active_from
        return self.expires if self.active or self.held else None

    def is_expired(self, now: Instant) -> bool:
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True, slots=True)
class Part:
    """So many points of a lot."""

    lot_id: str
    points: int


def transferred_lot_id(transaction_id: str, number: int) -> str:
    """Of the lots that one transfer brings; others are called as the transaction that brought them."""
    return f"{transaction_id}{_OF}{number}"


def burn_key(lot: Lot) -> BurnKey:
    """Burn order: priority, what expires first (never: last), what became active first, number (HO-9)."""
    expires = LATEST + 1 if lot.expires is None else lot.expires
    return lot.priority, expires, lot.active_from, lot.number


def burnt(in_burn_order: Iterable[Lot], points: int) -> list[Part]:
    """The parts of active lots that are burnt for so many points; together less, if there are not enough."""
    return list(_parts(iter(in_burn_order), points))


def _parts(lots: Iterator[Lot], points: int) -> Iterator[Part]:
    while points and (lot := next(lots, None)):
        taken = min(lot.active, points)
        if taken:
            yield Part(lot.lot_id, taken)
            points -= taken
