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
    return [_event(one, causes[one.order.order_id], now) for one in told]


def stock_events(told: Iterable[StockEvent], before: int, cause: Cause, now: Instant) -> list[Event]:
    """The subject of each is its activity, whose stock had so many events before."""
    return [_stock_event(one, number, cause, now) for number, one in enumerate(told, before + 1)]


def _stock_event(told: StockEvent, number: int, cause: Cause, now: Instant) -> Event:
    activity_id = told.activity_id
    return Event(
        # An activity's id may be as long as an event's: 24 characters for it, a colon, and 11 digits.
        event_id=f"{blake2b(activity_id.encode(), digest_size=12).hexdigest()}:{number}",
        type=type(told).__name__,
        version=VERSION,
        subject=activity_id,
        seq=number,
        effective_time=now,
        recorded_time=now,
        causation_id=cause.request_id,
        correlation_id=activity_id,
        actor=cause.actor,
        payload=orjson.dumps(told, option=orjson.OPT_SORT_KEYS),
    )


def _event(told: Told, cause: Cause, now: Instant) -> Event:
    order_id = told.order.order_id
    return Event(
        # A group that is run again tells the same: 32 characters, a colon, and at most 999 moves.
        event_id=f"{order_id}:{told.sequence}",
        type=type(told.event).__name__,
        version=VERSION,
        subject=order_id,
        seq=told.sequence,
        effective_time=now,
        recorded_time=now,
        causation_id=cause.request_id,
        correlation_id=order_id,
        actor=cause.actor,
        payload=orjson.dumps(told.event, option=orjson.OPT_SORT_KEYS),
    )
