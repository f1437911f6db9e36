"""Orders that other services tell of, taken into the ledger: each once, with its row of the inbox.

What the members held is asked of Identity before the transaction, and only where a rule wants to know.
"""

import asyncio
from collections.abc import Mapping, Sequence

from redis.asyncio import Redis
from sqlalchemy import Connection

from domain.honey.commands.events import RecordEvent, record_event
from domain.honey.commands.refunds import RefundOrderItems, refund_order_items
from domain.honey.earning_events import Event
from domain.honey.known import Held
from domain.honey.orders_elsewhere import asks_what_was_held, recordings, refundings
from domain.shared.doing import Doing
from servers.honey.recording import Identities, held_of
from servers.honey.sql.rules import RulesMemory, SqlProgrammes
from servers.honey.sql.tables import common
from servers.honey.sql.unit import Unit
from servers.honey.told_orders import TYPES, Told, told
from servers.mesh.clock import Clock
from servers.store import event as store_event
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.inbox import Inbox
from servers.store.intake import Effects, Intake
from servers.store.store import Store

STREAMS = {"identity": "nectary:identity:events", "seckill": "nectary:seckill:events"}
"""Whose orders earn points."""
DEAD_STREAM = "nectary:honey:dead"
GROUP = "honey"
BLOCK_MS = 1_000

AnyEvents = Sequence[store_event.Event]


def order_intake(
    service: str,
    store: Store,
    memory: RulesMemory,
    identities: Identities,
    waiting_redis: Redis,
    clock: Clock,
    system_clock: Clock,
    *,
    block_ms: int = BLOCK_MS,
) -> Consumer:
    """The reader of a service's events: its `run` is a job for a lease."""
    orders = Orders(f"service:{service}", store, memory, identities, clock)
    intake = Intake(
        store,
        Inbox(common.inbox, GROUP),
        DeadLetters(common.dead_letter, GROUP),
        orders.prepare,
        system_clock,
    )
    stream = STREAMS[service]
    return Consumer(intake, waiting_redis, stream, DEAD_STREAM, GROUP, block_ms=block_ms, types=TYPES)


class Orders:
    """Paid orders earn, refunded ones lose what they earned."""

    def __init__(
        self, actor: str, store: Store, memory: RulesMemory, identities: Identities, clock: Clock
    ) -> None:
        self._actor = actor
        self._store = store
        self._memory = memory
        self._identities = identities
        self._clock = clock

    async def prepare(self, events: AnyEvents) -> Effects:
        """Raises Unavailable if Identity does not say what must be known: then all events wait."""
        paid = [each for event in events for each in told(event) if isinstance(each, Event)]
        wanted = await self._store.read(self._wanted, paid) if paid else []
        known = await asyncio.gather(*(held_of(self._identities, order) for order in wanted))
        held = {order.event_id: each for order, each in zip(wanted, known, strict=True)}

        def effects(connection: Connection, fresh: AnyEvents) -> None:
            self._take(Unit(connection, self._memory), fresh, held)

        return effects

    def _wanted(self, connection: Connection, paid: Sequence[Event]) -> list[Event]:
        programmes = SqlProgrammes(connection, self._memory)
        return [order for order in paid if asks_what_was_held(programmes, order)]

    def _take(self, unit: Unit, events: AnyEvents, held: Mapping[str, Held]) -> None:
        news = [(event, each) for event in events for each in told(event)]
        unit.prefetch(
            [
                recording
                for _, each in news
                if isinstance(each, Event)
                for recording in recordings(unit.ports.programmes, each, None)
            ]
        )
        try:
            for event, each in news:
                doing = Doing(self._actor, event.event_id, self._clock.now())
                for command in _commands(unit, each, held):
                    if isinstance(command, RecordEvent):
                        record_event(command, unit.ports, doing)
                    else:
                        refund_order_items(command, unit.ports, doing)
                    unit.keep()
        except Exception:
            # It counts only if it does not come from rows of different moments.
            unit.drop()
            unit.confirm()
            raise
        unit.flush()


def _commands(unit: Unit, news: Told, held: Mapping[str, Held]) -> Sequence[RecordEvent | RefundOrderItems]:
    if isinstance(news, Event):
        return recordings(unit.ports.programmes, news, held.get(news.event_id))
    return refundings(unit.ports, news)
