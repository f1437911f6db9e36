"""What is said to the gate, and what it answers.

The gate is a copy of what is left, which may only refuse early: the database decides. `gate_model` says what
it does.
"""

from enum import IntEnum
from typing import NamedTuple

from domain.seckill.activity import Activity, ActivityState
from domain.shared.instants import EARLIEST, Instant

MOST_TRANCHES = 8
ALL_TRANCHES = (1 << MOST_TRANCHES) - 1
"""The mask of a member of whom it is not known what he holds, for asking whether anybody may still buy."""

Key = tuple[str, str]
"""Member and request id: what a record is kept under."""


class Verdict(IntEnum):
    """What the gate says to a request."""

    CLAIMED = 1
    OPEN = 2
    """Set aside before; no order is known."""
    HELD = 3
    """Set aside before, and an order stands behind it."""
    SOLD_OUT = 4
    MEMBER_LIMIT = 5
    NOT_ELIGIBLE = 6
    """No tranche is open to the member now."""
    NOT_OPEN = 7
    CLOSED = 8
    KNOWN = 9
    """There is nothing for it, but it may have been answered before: the database knows the answer."""
    ABSENT = 10
    """There is no such record."""
    MISSING = 11
    """There is no gate, or one that is being loaded."""
    AWAY = 12
    """The gate did not answer. It may have set the units aside all the same."""


_PASSING = frozenset(
    {Verdict.CLAIMED, Verdict.OPEN, Verdict.HELD, Verdict.KNOWN, Verdict.MISSING, Verdict.AWAY}
)


class Claim(NamedTuple):
    """A wish for units of one tranche."""

    member_id: str
    request_id: str
    units: int
    mask: int
    """Bit n - 1: tranche n is open to the member because of what he holds."""


class Answer(NamedTuple):
    """To a claim: the verdict, and the record if there is one. To all else: the record as it was before."""

    verdict: Verdict
    tranche: int = 0
    units: int = 0
    stamp: int = 0
    """Of an open record: when it was last claimed, in microseconds of the server. It tells attempts apart."""

    @property
    def passes(self) -> bool:
        """Whether the request goes on to the database."""
        return self.verdict in _PASSING


class OrderFact(NamedTuple):
    """What the gate must know of an order."""

    member_id: str
    request_id: str
    units: int
    """0: it has ended, and holds none."""
    tranche: int


class Part(NamedTuple):
    """A tranche, as far as the gate knows it."""

    stock: int
    release: Instant | None
    """From when everybody may take. None: never."""


class Shape(NamedTuple):
    """An activity, as far as the gate knows it."""

    revision: int
    """An older one never replaces a newer one."""
    opens: Instant
    closes: Instant
    member_limit: int
    parts: tuple[Part, ...]
    """By number, from 1; at most MOST_TRANCHES."""

    @property
    def stock(self) -> int:
        return sum(part.stock for part in self.parts)


def shape_of(activity: Activity) -> Shape | None:
    """None: a draft has no gate."""
    if activity.state is ActivityState.DRAFT:
        return None
    settings = activity.settings
    closed = activity.state is ActivityState.CLOSED
    return Shape(
        activity.revision,
        settings.opens,
        min(settings.closes, activity.updated) if closed else settings.closes,
        settings.member_limit,
        tuple(Part(one.stock, one.release if one.sku_ids else EARLIEST) for one in settings.parts),
    )


def released(shape: Shape, now: Instant) -> int:
    """The mask of the tranches that are open to everybody."""
    parts = enumerate(shape.parts)
    return sum(1 << bit for bit, part in parts if part.release is not None and now >= part.release)
