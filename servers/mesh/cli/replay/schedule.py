"""Which purchases happen at the same moment.

Members do not wait for each other: all their first purchases of a day happen at one moment, all second
ones a second later. Two purchases of one member are never at one moment, so that their order is that of
the file however many are under way at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from servers.mesh.cli.replay.purchases import Purchase
from servers.mesh.cli.replay.settings import ReplaySettings


@dataclass(frozen=True)
class Wave:
    """Purchases of one moment, at most one a member."""

    at: datetime
    purchases: Sequence[Purchase]


def waves(purchases: Sequence[Purchase], settings: ReplaySettings) -> Iterator[Wave]:
    """All purchases in order of time."""
    by_place: defaultdict[tuple[date, int], list[Purchase]] = defaultdict(list)
    bought: Counter[tuple[date, str]] = Counter()
    for purchase in purchases:
        of_the_day = (purchase.day, purchase.member_id)
        by_place[purchase.day, bought[of_the_day]].append(purchase)
        bought[of_the_day] += 1
    for (day, index), together in sorted(by_place.items(), key=lambda item: item[0]):
        local = datetime.combine(day, settings.time_of_day, settings.zone)
        # Counted in UTC: a second on a wall clock may not exist when clocks change.
        yield Wave(local.astimezone(UTC) + timedelta(seconds=index), together)
