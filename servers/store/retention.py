"""Forgets what nobody will ask for again, a little at a time."""

import asyncio
from dataclasses import dataclass

from domain.shared.instants import DAY
from servers.mesh.clock import Clock
from servers.store.idempotency import Idempotency
from servers.store.inbox import Inbox
from servers.store.leases import Lease
from servers.store.outbox import Outbox
from servers.store.store import Store

BATCH = 500
"""Rows of one transaction: small, so that nobody waits for its locks."""
PAUSE_SECONDS = 0.05
"""Between two batches, which leaves most of the database to those who wait for it."""


@dataclass(frozen=True, slots=True)
class Retention:
    """A job for a lease: one run forgets all that is old by now.

    Answers keep `idempotency.RETENTION`. The inbox must outlive the outbox: an event that the relay
    repeats must still be known. Raises ValueError if it would not.
    """

    store: Store
    outbox: Outbox
    inbox: Inbox
    idempotency: Idempotency
    clock: Clock
    outbox_days: int = 7
    inbox_days: int = 30

    def __post_init__(self) -> None:
        if not 1 <= self.outbox_days < self.inbox_days:
            raise ValueError("outbox_days must be at least 1 and less than inbox_days")

    async def run(self, _lease: Lease) -> None:
        now = self.clock.now()
        for purge, until in (
            (self.outbox.purge, now - self.outbox_days * DAY),
            (self.inbox.purge, now - self.inbox_days * DAY),
            (self.idempotency.purge, now),
        ):
            purged = BATCH
            while purged == BATCH:
                purged = await self.store.transact(purge, until, BATCH)
                await asyncio.sleep(PAUSE_SECONDS)
