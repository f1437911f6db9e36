"""What a sale does by itself: reservations expire, and the gate is held against the database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol
from uuid import uuid4

import structlog

from domain.seckill.commands import Expire
from domain.shared.errors import DomainError, Raced, Unavailable
from domain.shared.instants import HOUR, Instant
from servers.mesh.clock import Clock
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.group import Decided, Work
from servers.seckill.sale.telling import Cause
from servers.seckill.sql.lists import due_orders, live_activities
from servers.store.leases import Lease
from servers.store.store import Store

MAX_ORDERS = 1_024
"""Orders that expire in one round."""
MAX_ACTIVITIES = 256
SWEEP_SECONDS = 1.0
"""With the two seconds that a claim may stay open, each is resolved within four of a restart."""
LIVE_FOR = HOUR
"""So long after its end an activity's gate is still looked after."""

_log = structlog.get_logger("nectary.seckill")


class Expiry:
    """Gives back the units of reservations that were not paid for. Two at once do no harm."""

    def __init__(self, store: Store, commits: Commits, clock: Clock) -> None:
        self._store = store
        self._commits = commits
        self._clock = clock

    async def run(self, _: Lease) -> None:
        """One pass over all that is due by now: a job for a lease."""
        await self.catch_up(self._clock.now())

    async def catch_up(self, now: Instant) -> None:
        """Expire until nothing is due by `now`."""
        while due := await self._store.read(due_orders, now, MAX_ORDERS):
            cause = Cause("job:expiry", uuid4().hex)
            works = [Work(activity_id, Expire(order_id), cause) for activity_id, order_id in due]
            outcomes = await asyncio.gather(*map(self._commits, works), return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, Raced):
                    raise outcome
            # The database's clock decides, which may be a moment behind: then the next pass goes on.
            if not any(isinstance(one, Decided) and one.changed for one in outcomes):
                return


class Compared(Protocol):
    """The gate, as it is held against the database."""

    def doubt(self, activity_id: str) -> None: ...

    async def sweep(self, activity_id: str) -> object: ...

    async def compare(self, activity_id: str, *, repair: bool) -> object: ...


class GateCare:
    """Keeps the gate of every live activity what the database says."""

    def __init__(self, store: Store, gate: Compared, clock: Clock) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock

    async def sweep_for_ever(self) -> None:
        """In every process, without a lease: a dead holder's would keep claims open for its length.

        At first every gate is doubted: the process that died before may have sold and told nobody.
        """
        has_doubted = False
        while True:
            try:
                async for activity_id in self._live():
                    if not has_doubted:
                        self._gate.doubt(activity_id)
                    await self._gate.sweep(activity_id)
                has_doubted = True
            except DomainError as error:
                _log.warning("sweep_waits", error=repr(error))
            await asyncio.sleep(SWEEP_SECONDS)

    async def compare(self, _: Lease) -> None:
        """One comparison of everything, with repair: a job for a lease."""
        async for activity_id in self._live():
            try:
                await self._gate.compare(activity_id, repair=True)
            except Unavailable as error:
                _log.warning("comparison_waits", activity=activity_id, error=repr(error))
                return

    async def _live(self) -> AsyncIterator[str]:
        since, after = self._clock.now() - LIVE_FOR, ""
        while some := await self._store.read(live_activities, since, after, MAX_ACTIVITIES):
            for activity_id in some:
                yield activity_id
            after = some[-1]
