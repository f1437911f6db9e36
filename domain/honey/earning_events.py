"""Events: what a member did that may earn points, as whoever tells of it says it."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import EARLIEST, MINUTE, Instant
from domain.shared.money import MAX_AMOUNT

MOST_ITEMS = 100
MOST_AHEAD = 5 * MINUTE
"""How far the clocks of others may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an order."""

    item_id: str
    paid: int
    """In minor units: money alone, without what was paid in points."""
    spent: int = 0
    """Points."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. Only an order has a currency and items."""

    event_id: str
    member_id: str
    scene: str
    occurred: Instant
    """When it happened; of an order: when it was paid. Caps and cooldowns go by it."""
    ordered: Instant | None = None
    """When the order was made; None: when it happened."""
    channel: str = ""
    merchant_id: str = ""
    currency: str = ""
    items: tuple[Item, ...] = ()
    spend_id: str = ""
    """The transaction by which the points were spent with which items were paid."""

    @property
    def spent(self) -> int:
        """Of all items, in points."""
        return sum(item.spent for item in self.items)

    @property
    def paid(self) -> int:
        """Of all items, in minor units."""
        return sum(item.paid for item in self.items)


def require_sound(event: Event, now: Instant) -> None:
    """Raises Invalid with everything that is wrong."""
    if found := [*_times(event, now), *_amounts(event)]:
        raise Invalid(found)


def require_the_same(event: Event, recorded: Event) -> None:
    """An event that was recorded before is the same one. Raises Invalid (IDEMPOTENCY_KEY_REUSED)."""
    if event != recorded:
        message = f"event {event.event_id} was recorded before and said something else"
        violation = FieldViolation("event.event_id", "IDEMPOTENCY_KEY_REUSED", message)
        raise Invalid([violation], "IDEMPOTENCY_KEY_REUSED", message, event_id=event.event_id)


def _times(event: Event, now: Instant) -> Iterator[FieldViolation]:
    if event.occurred > now + MOST_AHEAD:
        yield _violation("event_time", "IN_THE_FUTURE", "has come")
    if event.occurred < EARLIEST:
        yield _violation("event_time", "OUT_OF_BOUNDS", "lies in 1970 or later")
    if event.ordered is not None and not EARLIEST <= event.ordered <= event.occurred:
        yield _violation("order_time", "AFTER_EVENT_TIME", "lies after 1970, and not after `event_time`")


def _amounts(event: Event) -> Iterator[FieldViolation]:
    if len(event.items) > MOST_ITEMS:
        yield _violation("items", "TOO_MANY", f"has at most {MOST_ITEMS} entries")
    if event.items and not event.currency:
        yield _violation("currency", "REQUIRED", "says in what was paid")
    seen = set[str]()
    for place, item in enumerate(event.items):
        at = f"items[{place}]"
        if item.item_id in seen:
            yield _violation(f"{at}.item_id", "TWICE", "is that of no other item")
        seen.add(item.item_id)
        for name, value in (("paid_minor", item.paid), ("spent_points", item.spent)):
            if not 0 <= value <= MAX_AMOUNT:
                yield _violation(f"{at}.{name}", "OUT_OF_BOUNDS", f"lies between 0 and {MAX_AMOUNT}")
    if event.spent and not event.spend_id:
        yield _violation("spend_transaction_id", "REQUIRED", "names the spend of `spent_points`")
    if event.paid > MAX_AMOUNT:
        yield _violation("items", "OUT_OF_BOUNDS", f"cost together at most {MAX_AMOUNT}")


def _violation(field: str, reason: str, description: str) -> FieldViolation:
    return FieldViolation(f"event.{field}", reason, f"`{field}` {description}")
