"""What Identity answers to paid orders: the member has the card, or cannot have it.

An answer that comes again finds the order as it left it, so no inbox is needed; and the answers go through
the commit like everything else, which tells the gate of units that went back.
"""

import asyncio
from collections.abc import Sequence

import orjson
import structlog
from redis.asyncio import Redis

from domain.seckill.commands import Deliver, RefuseDelivery
from domain.shared.errors import Raced, Unavailable
from servers.mesh.clock import Clock
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.group import Work
from servers.seckill.sale.telling import Cause
from servers.seckill.sql.tables import common
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.faults import CommitUnknown
from servers.store.intake import Failure
from servers.store.leases import Lease
from servers.store.store import Store

STREAM = "nectary:identity:events"
DEAD_STREAM = "nectary:seckill:dead"
GROUP = "seckill"
DELIVERED = "SeckillOrderDelivered"
REFUSED = "SeckillOrderRefused"
BLOCK_MS = 1_000

_log = structlog.get_logger("nectary.seckill")


class Deliveries:
    """Takes answers for a consumer."""

    def __init__(self, store: Store, commits: Commits, clock: Clock) -> None:
        self._store = store
        self._commits = commits
        self._clock = clock
        self._dead_letters = DeadLetters(common.dead_letter, GROUP)

    async def take(self, _: Lease, events: Sequence[Event]) -> Sequence[Failure]:
        """Raises Unavailable: then call again with the same events."""
        outcomes = await asyncio.gather(*map(self._take, events), return_exceptions=True)
        failures = []
        for event, outcome in zip(events, outcomes, strict=True):
            if isinstance(outcome, Raced | Unavailable | CommitUnknown):
                raise Unavailable("STORE_UNAVAILABLE", "the answers wait for the database") from outcome
            if isinstance(outcome, Exception):
                failures.append(Failure(event, repr(outcome)))
        for failure in failures:
            _log.error("event_is_dead", event_id=failure.event.event_id, error=failure.error)
            await self._store.transact(
                self._dead_letters.bury, failure.event, failure.error, 1, self._clock.now()
            )
        return failures

    async def _take(self, event: Event) -> None:
        answer = orjson.loads(event.payload)
        order_id = answer["order_id"]
        command = Deliver(order_id) if event.type == DELIVERED else RefuseDelivery(order_id, answer["reason"])
        await self._commits(Work(answer["activity_id"], command, Cause(event.actor, event.event_id)))


def delivery_intake(
    store: Store, commits: Commits, waiting_redis: Redis, clock: Clock, *, block_ms: int = BLOCK_MS
) -> Consumer:
    """The reader of Identity's events: its `run` is a job for a lease."""
    deliveries = Deliveries(store, commits, clock)
    types = [DELIVERED, REFUSED]
    return Consumer(deliveries, waiting_redis, STREAM, DEAD_STREAM, GROUP, block_ms=block_ms, types=types)
