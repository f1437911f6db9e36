"""Cards that were bought in a flash sale: each paid order's terms are given once, and Seckill is told.

The terms, or the refusal, and the answer to Seckill are one transaction with the event's inbox row. What is
refused is refused for ever: the sale pays it back.
"""

from typing import Any, TypeAlias

import orjson
from redis.asyncio import Redis
from sqlalchemy import Connection

from domain.identity.catalog import Channel
from domain.identity.commands.grant import GrantTerm
from domain.identity.terms import Cause, CauseKind
from domain.shared.doing import Doing
from domain.shared.instants import Instant
from servers.identity.giving import give
from servers.identity.sql.tables import common
from servers.identity.sql.unit import Memory, Unit
from servers.mesh.clock import Clock
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.inbox import Inbox
from servers.store.intake import Intake, at_once, one_by_one
from servers.store.outbox import Outbox
from servers.store.store import Store

STREAM = "nectary:seckill:events"
DEAD_STREAM = "nectary:identity:dead"
GROUP = "identity"
PAID = "OrderPaid"
DELIVERED = "SeckillOrderDelivered"
REFUSED = "SeckillOrderRefused"
SOURCE = "seckill"
ACTOR = "service:seckill"
BLOCK_MS = 1_000

_OUTBOX = Outbox(common.outbox)

Paid: TypeAlias = dict[str, Any]
"""The payload of a paid order."""


def flash_sale_intake(
    store: Store,
    memory: Memory,
    waiting_redis: Redis,
    clock: Clock,
    system_clock: Clock,
    *,
    block_ms: int = BLOCK_MS,
) -> Consumer:
    """The reader of Seckill's events: its `run` is a job for a lease. Terms begin by `clock`."""

    def take(connection: Connection, event: Event) -> None:
        paid: Paid = orjson.loads(event.payload)
        if paid["sku_id"]:
            _take(Unit(connection, memory), connection, event, paid, clock.now())

    dead_letters = DeadLetters(common.dead_letter, GROUP)
    intake = Intake(store, Inbox(common.inbox, GROUP), dead_letters, at_once(one_by_one(take)), system_clock)
    return Consumer(intake, waiting_redis, STREAM, DEAD_STREAM, GROUP, block_ms=block_ms, types=[PAID])


def _take(unit: Unit, connection: Connection, event: Event, paid: Paid, now: Instant) -> None:
    reason = give(_grants(paid), unit, Doing(ACTOR, event.event_id, now))
    _OUTBOX.append(connection, [_answer(event, paid, reason, now)])


def _grants(paid: Paid) -> list[GrantTerm]:
    """One for each unit. Their ids follow from the order's: whoever grants again grants the same."""
    order_id = paid["order_id"]
    return [
        GrantTerm(
            member_id=paid["member_id"],
            sku_id=paid["sku_id"],
            source=SOURCE,
            channel=Channel.FLASH_SALE,
            cause=Cause(CauseKind.FLASH_SALE, f"{order_id}:{number}"),
            term_id=f"{order_id}:{number}",
            paid=paid["amount_minor"],
            currency=paid["currency"],
        )
        for number in range(1, paid["quantity"] + 1)
    ]


def _answer(event: Event, paid: Paid, reason: str, now: Instant) -> Event:
    order_id = paid["order_id"]
    payload = {"order_id": order_id, "activity_id": paid["activity_id"], "reason": reason}
    return Event(
        event_id=f"sk:{order_id}",
        type=REFUSED if reason else DELIVERED,
        version=1,
        subject=order_id,
        seq=1,
        effective_time=now,
        recorded_time=now,
        causation_id=event.event_id,
        correlation_id=order_id,
        actor=ACTOR,
        payload=orjson.dumps(payload, option=orjson.OPT_SORT_KEYS),
    )
