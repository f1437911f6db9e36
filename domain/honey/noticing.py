"""When a member is told of points that expire soon: at the start of the day that lies so long before."""

from dataclasses import dataclass
from datetime import timedelta

from domain.shared.instants import (
    Instant,
    Period,
    Unit,
    add,
    local_date,
    midnight,
    midnight_after,
    midnight_at_or_before,
)

_DAYS = {Unit.DAY: 1, Unit.MONTH: 31, Unit.YEAR: 366}
"""How long at most a unit is."""


@dataclass(frozen=True, slots=True)
class PointsExpiringSoon:
    """So many points that can be spent expire at one instant."""

    points: int
    expires: Instant


def horizon(now: Instant, notice: Period, zone: str) -> Instant:
    """Of points that expire before it the member has been told by now. It never moves back."""
    return midnight_after(add(midnight_at_or_before(now, zone), notice, zone), zone)


def turn_for(expires: Instant, notice: Period, zone: str) -> Instant:
    """The midnight at which points that expire at an instant come within the horizon."""
    days = notice.count // 24 if notice.unit is Unit.HOUR else notice.count * _DAYS[notice.unit]
    turn = midnight(local_date(expires, zone) - timedelta(days=days + 2), zone)
    while horizon(turn, notice, zone) <= expires:
        turn = midnight_after(turn, zone)
    return turn
