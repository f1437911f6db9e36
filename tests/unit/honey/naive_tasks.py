"""A second idea of tasks, that sees all events at once and has no progress: it only counts what there was."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """One event."""

    event_id: str
    member: str
    scene: str
    at: int
    channel: str
    currency: str
    paid: int
    holds_gold: bool


@dataclass(frozen=True)
class NaiveTask:
    """`currency` empty: events are counted, not what was paid."""

    scene: str
    target: int
    currency: str
    least: int
    rhythm: str
    opens: int
    closes: int
    zone: str
    channels: tuple[str, ...]
    """Empty: any."""
    only_gold: bool


def label(rhythm: str, at: int, zone: str) -> str:
    """Which day, week or month it is there."""
    wall = (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))
    return wall.strftime({"ONCE": "once", "DAY": "%Y-%m-%d", "WEEK": "%G-W%V", "MONTH": "%Y-%m"}[rhythm])


def values(task: NaiveTask, deliveries: Iterable[Seen]) -> dict[tuple[str, str], int]:
    """How far each member is in each period, if anything counted."""
    reached: dict[tuple[str, str], int] = defaultdict(int)
    for seen in set(deliveries):
        right = seen.scene == task.scene and task.opens <= seen.at < task.closes
        right = right and (seen.channel in task.channels or not task.channels)
        right = right and (seen.holds_gold or not task.only_gold)
        amount = 1
        if task.currency:
            amount = seen.paid if seen.currency == task.currency and seen.paid >= task.least else 0
        if right and amount:
            reached[seen.member, label(task.rhythm, seen.at, task.zone)] += amount
    return {key: min(value, task.target) for key, value in reached.items()}
