"""What a sale tells other services: rows of the outbox, written with the change they tell of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from domain.seckill.book import Told
from domain.seckill.events import StockEvent
from domain.shared.instants import Instant
from servers.store.event import Event

STREAM = "nectary:seckill:events"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changed an order, by which request."""

    actor: str
    request_id: str


def outbox_events(told: Iterable[Told], causes: Mapping[str, Cause], now: Instant) -> list[Event]:
    """The subject of each is its order, whose moves number them. `causes` by order id."""
    return [_event_of_order(one, causes[one.order.order_id], now) for one in told]


def stock_events(told: Iterable[StockEvent], before: int, cause: Cause, now: Instant) -> list[Event]:
    """The subject of each is its activity, whose stock had so many events before."""
    # An activity's id may be as long as an event's: 24 characters for it, a colon, and 11 digits.
    return [
        _event(one, one.activity_id, _short(one.activity_id), number, cause, now)
        for number, one in enumerate(told, before + 1)
    ]


def _event_of_order(told: Told, cause: Cause, now: Instant) -> Event:
    order_id = told.order.order_id
    # A group that is run again tells the same: 32 characters, a colon, and at most 999 moves.
    return _event(told.event, order_id, order_id, told.sequence, cause, now)


def _short(activity_id: str) -> str:
    return blake2b(activity_id.encode(), digest_size=12).hexdigest()


def _event(told: object, subject: str, name: str, number: int, cause: Cause, now: Instant) -> Event:
    """`name` stands for the subject in the event's id."""
    return Event(
        event_id=f"{name}:{number}",
        type=type(told).__name__,
        version=VERSION,
        subject=subject,
        seq=number,
        effective_time=now,
        recorded_time=now,
        causation_id=cause.request_id,
        correlation_id=subject,
        actor=cause.actor,
        payload=orjson.dumps(told, option=orjson.OPT_SORT_KEYS),
    )
