"""Earning events on their way to the ledger, past Identity where rules ask what a member held."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from domain.honey.commands.events import Evaluated, RecordEvent, evaluate_event, record_event
from domain.honey.earning_events import Event
from domain.honey.known import Held, HoldersUnknown
from domain.shared.doing import Doing
from domain.shared.instants import Instant
from nectary.honey.v1 import earning_service_pb2 as pb
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.unit import Unit
from servers.honey.wire import events as wire
from servers.mesh.clock import Clock
from servers.store.asked import actor
from servers.store.store import Store
from servers.store.writes import Writes, write_of

R = TypeVar("R")


class Identities(Protocol):
    """What is asked of Identity."""

    async def held(self, member_id: str, at: Instant) -> frozenset[str]:
        """The SKUs that a member held at an instant. Raises Unavailable."""


async def held_of(identities: Identities, event: Event) -> Held:
    """What the member held at the instants of an event. Raises Unavailable."""
    if event.ordered is None:
        return Held(at_event=await identities.held(event.member_id, event.occurred))
    at_order, at_event = await asyncio.gather(
        identities.held(event.member_id, event.ordered), identities.held(event.member_id, event.occurred)
    )
    return Held(at_order, at_event)


class Recording:
    """Records events, or says what would come of them."""

    def __init__(
        self, store: Store, writes: Writes[Unit], memory: RulesMemory, identities: Identities, clock: Clock
    ) -> None:
        self._store = store
        self._writes = writes
        self._memory = memory
        self._identities = identities
        self._clock = clock
        self._asking = set[tuple[str, str]]()
        """Scenes, by programme, of which a rule wanted to know what a member held."""

    async def record(self, request: pb.RecordEventRequest) -> bytes:
        """The answer's bytes."""

        def written(command: RecordEvent) -> Awaitable[bytes]:
            return self._writes(write_of(request, record_event, command, wire.recorded))

        return await self._asked_for(wire.recording_of(request), written)

    async def evaluate(self, request: pb.EvaluateEventRequest) -> Evaluated:
        """What would come of an event now."""

        def read(command: RecordEvent) -> Awaitable[Evaluated]:
            return self._store.read(self._evaluate, command, Doing(actor(), "", self._clock.now()))

        return await self._asked_for(wire.recording_of(request), read)

    async def _asked_for(self, command: RecordEvent, attempt: Callable[[RecordEvent], Awaitable[R]]) -> R:
        """With what the member held, if the rules ask for it: which rules those are the transaction knows."""
        scene = command.key.programme_id, command.event.scene
        if scene not in self._asking:
            try:
                return await attempt(command)
            except HoldersUnknown:
                self._asking.add(scene)
        return await attempt(command.knowing(await held_of(self._identities, command.event)))

    def _evaluate(self, connection: Connection, command: RecordEvent, doing: Doing) -> Evaluated:
        return evaluate_event(command, Unit(connection, self._memory).ports, doing)
