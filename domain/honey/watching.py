"""When a member is to be told something beside transactions: of the tier, and of what expires soon."""

from dataclasses import dataclass, replace

from domain.honey.noticing import turn_for
from domain.honey.qualifying import Movement
from domain.shared.instants import EARLIEST, Instant, Period


@dataclass(frozen=True, slots=True)
class Watch:
    """Of a member's tier, and of points that expire soon."""

    looked: Instant | None = None
    """Up to when it was told what became of the tier. None: never."""
    tier_turn: Instant | None = None
    """Nothing is to be told of the tier before it. None: nothing at all."""
    period: Instant | None = None
    """When the period began in which was looked."""
    lacking: int = 0
    """So many points more come to a threshold; 0: nothing but a look says."""
    noticed: Instant = EARLIEST
    """Points that expire before it are told of, or never will be."""
    notice_turn: Instant | None = None
    """No points are to be told of before it. None: none at all."""
    told: int = 0
    """How much was told."""


NOBODY_WATCHES = Watch()


def with_movement(watch: Watch, movement: Movement) -> Watch:
    """Is the tier to be looked at anew? That costs what the whole past costs.

    Points of the present period that come to no threshold change nothing before the next turn.
    """
    is_of_now = watch.period is not None and movement.effective >= watch.period
    if watch.tier_turn is not None and is_of_now and 0 < movement.points < watch.lacking:
        return replace(watch, lacking=watch.lacking - movement.points)
    return replace(watch, tier_turn=movement.recorded, lacking=0)


def with_expiry(watch: Watch, expires: Instant, notice: Period, zone: str, now: Instant) -> Watch:
    """Points expire then: whoever was told of later ones already is not told of them."""
    if expires < watch.noticed:
        return watch
    turn = max(turn_for(expires, notice, zone), now)
    is_sooner = watch.notice_turn is None or turn < watch.notice_turn
    return replace(watch, notice_turn=turn) if is_sooner else watch
