"""What is told of an activity's stock, once for whatever one transaction does to it.

Whoever hears all of it knows at any moment whether anything is left, though nobody tells of each unit.
"""

from collections.abc import Mapping

from domain.seckill.activity import Activity
from domain.seckill.events import ActivitySoldOut, StockEvent, StockReturned

Left = Mapping[int, int]
"""Units that nobody has, by tranche."""


def left_of(activity: Activity, taken: Mapping[int, int]) -> Left:
    """Of every tranche."""
    return {part.number: part.stock - taken.get(part.number, 0) for part in activity.settings.parts}


def told_of_stock(activity_id: str, before: Left, after: Left) -> tuple[StockEvent, ...]:
    """One event at most: where something came back, it is not sold out."""
    returned = sum(max(left - before[number], 0) for number, left in after.items())
    if returned:
        return (StockReturned(activity_id, returned, sum(after.values())),)
    if any(before.values()) and not any(after.values()):
        return (ActivitySoldOut(activity_id),)
    return ()
