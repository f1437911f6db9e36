"""What a sale tells other services: rows of the outbox, written with the change they tell of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from domain.seckill.book import Told
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
