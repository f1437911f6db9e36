"""What a programme owes, and in which months it will expire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.shared.instants import Instant, add_months, local_date, midnight

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a zone, or what is left of the present one."""

    name: str
    """`2027-03`."""
    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class Liability:
    """Of one who pays for points."""

    funding: str
    active: int
    pending: int
    held: int
    owed: int
    earned: int
    expired: int
    reversed: int
    expiring: Mapping[str, int]
    """By month."""
    later: int
    never: int
    waived: int = 0
    """Undone after it was used, and given up: it stays used."""

    @property
    def used(self) -> int:
        """Spent, or given to others: what is neither there, nor expired, nor taken back."""
        there = self.active + self.pending + self.held
        return self.earned + self.owed - there - self.expired - self.reversed

    @property
    def breakage_ppm(self) -> int:
        """Of a million points that have ended, how many have expired; rounded down."""
        ended = self.used + self.expired
        return self.expired * PPM // ended if ended else 0


def months_from(now: Instant, zone: str, count: int) -> Sequence[Month]:
    """So many months of a zone, the present one from now on."""
    first = local_date(now, zone).replace(day=1)
    starts = [midnight(add_months(first, number), zone) for number in range(count + 1)]
    names = [f"{add_months(first, number):%Y-%m}" for number in range(count)]
    return [
        Month(name, max(start, now), end)
        for name, start, end in zip(names, starts[:-1], starts[1:], strict=True)
    ]
