"""Gives each event its effect exactly once, and puts aside what cannot have one.

The effect and the inbox row are one transaction. A batch of events is one, too; if it fails, they are
taken one by one, so that the culprit is found. An event that fails five times by itself is a dead letter,
and the others go on. A database that does not answer is no fault of the event: then everything waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from domain.shared.errors import Unavailable
from servers.mesh.clock import Clock
from servers.store.dead_letters import DeadLetter, DeadLetters
from servers.store.event import Event
from servers.store.faults import CommitUnknown
from servers.store.inbox import Inbox
from servers.store.leases import Lease, LeaseLost
from servers.store.store import Store

_log = structlog.get_logger("nectary.intake")

Effect = Callable[[Connection, Event], None]
"""Does what the event asks for, on the given connection. It ignores types that it does not know."""
Effects = Callable[[Connection, Sequence[Event]], None]
"""Does what the events ask for, in their order."""
Prepare = Callable[[Sequence[Event]], Awaitable[Effects]]
"""Learns before the transaction what others must be asked, and gives the effects, which know it then.

Of the events some may have had their effect already: the effects are given those that have not.
"""

NO_FAULT_OF_THE_EVENT = (Unavailable, CommitUnknown, LeaseLost)

PAUSES_SECONDS = (0.0, 0.01, 0.05, 0.2, 0.5)
"""One before each try of an event by itself; the stream stands still meanwhile, so they are short."""
MAX_TRIES = len(PAUSES_SECONDS)


def one_by_one(effect: Effect) -> Effects:
    """For events that have nothing in common to be done at once."""

    def effects(connection: Connection, events: Sequence[Event]) -> None:
        for event in events:
            effect(connection, event)

    return effects


def at_once(effects: Effects) -> Prepare:
    """For effects that need to know nothing from outside."""

    async def prepare(_: Sequence[Event]) -> Effects:
        return effects

    return prepare


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that was put aside, and why."""

    event: Event
    error: str


@dataclass(frozen=True, slots=True)
class Intake:
    """One consumer group's way into the database."""

    store: Store
    inbox: Inbox
    dead_letters: DeadLetters
    prepare: Prepare
    clock: Clock

    async def take(self, lease: Lease, events: Sequence[Event]) -> list[Failure]:
        """Each event has had its effect, now or before, or is in the list and a dead letter.

        Raises Unavailable, CommitUnknown and LeaseLost: then call again with the same events.
        """
        try:
            await self._prepared(lease, events)
        except NO_FAULT_OF_THE_EVENT:
            raise
        except Exception:
            taken = [await self._take_alone(lease, event) for event in events]
            return [failure for failure in taken if failure is not None]
        return []

    async def redrive(self, limit: int) -> tuple[int, int]:
        """Give at most `limit` dead letters their effect, oldest first; how many had it, and how many not.

        Those that fail again stay, with their newest error. Raises Unavailable and CommitUnknown.
        """
        letters = await self.store.read(self.dead_letters.waiting, 0, limit)
        done = [await self._redrive(letter) for letter in letters]
        return done.count(True), done.count(False)

    async def _prepared(self, lease: Lease, events: Sequence[Event]) -> None:
        await self.store.transact(self._take, await self.prepare(events), lease, events)

    async def _take_alone(self, lease: Lease, event: Event) -> Failure | None:
        error = ""
        for pause in PAUSES_SECONDS:
            await asyncio.sleep(pause)
            try:
                await self._prepared(lease, [event])
                return None
            except NO_FAULT_OF_THE_EVENT:
                raise
            except Exception as failure:
                error = repr(failure)
        _log.error("event_is_dead", event_id=event.event_id, type=event.type, error=error)
        await self.store.transact(self.dead_letters.bury, event, error, MAX_TRIES, self.clock.now())
        return Failure(event, error)

    async def _redrive(self, letter: DeadLetter) -> bool:
        try:
            effects = await self.prepare([letter.event])
            await self.store.transact(self._take_dead, effects, letter.event)
        except NO_FAULT_OF_THE_EVENT:
            raise
        except Exception as failure:
            await self.store.transact(
                self.dead_letters.bury, letter.event, repr(failure), letter.attempts + 1, self.clock.now()
            )
            return False
        return True

    def _take(self, connection: Connection, effects: Effects, lease: Lease, events: Sequence[Event]) -> None:
        lease.confirm(connection)
        if fresh := self.inbox.take(connection, events, self.clock.now()):
            effects(connection, fresh)

    def _take_dead(self, connection: Connection, effects: Effects, event: Event) -> None:
        if fresh := self.inbox.take(connection, [event], self.clock.now()):
            effects(connection, fresh)
        self.dead_letters.mark_redriven(connection, event.event_id, self.clock.now())
