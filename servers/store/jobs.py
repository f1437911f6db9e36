"""Runs background jobs, each under its lease."""

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy import Table

from domain.shared.errors import Raced, Unavailable
from domain.shared.instants import SECOND
from servers.mesh.clock import Clock
from servers.mesh.endings import end
from servers.store.faults import CommitUnknown
from servers.store.leases import Lease, LeaseLost, acquire
from servers.store.store import Store

_log = structlog.get_logger("nectary.jobs")

Job = Callable[[Lease], Awaitable[object]]
"""Does its work for as long as it likes; it is cancelled when the lease is lost or the process stops."""

TROUBLE = (Raced, Unavailable, CommitUnknown, OSError)
"""The database does not answer: that passes."""

TTL_SECONDS = 15.0


class Jobs:
    """The background jobs of one process."""

    def __init__(self, store: Store, table: Table, clock: Clock, *, ttl_seconds: float = TTL_SECONDS) -> None:
        """A job moves to another process at most `ttl_seconds` (above 0) after its holder fell silent."""
        self._store = store
        self._table = table
        self._clock = clock
        self._ttl_seconds = ttl_seconds
        self.holder = f"{socket.gethostname()[:64]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"

    @asynccontextmanager
    async def run_under_lease(
        self, name: str, job: Job, *, every_seconds: float = 1.0
    ) -> AsyncIterator[None]:
        """While the block runs: hold the lease if nobody else does, and run the job while it is held.

        A job that returns is run again after `every_seconds`, and so is one that raises, with a line in
        the log. At the end of the block it is cancelled and the lease released.
        """
        keeper = asyncio.create_task(self._keep(name, job, every_seconds), name=f"lease {name}")
        try:
            yield
        finally:
            await end(keeper)

    async def _keep(self, name: str, job: Job, every_seconds: float) -> None:
        while True:
            lease = await self._acquired(name)
            if lease is not None:
                _log.info("lease_taken", job=name, fence=lease.fence)
                await self._hold(lease, job, every_seconds)
            await asyncio.sleep(self._ttl_seconds / 3)

    async def _acquired(self, name: str) -> Lease | None:
        now = self._clock.now()
        try:
            return await self._store.transact(
                acquire, self._table, name, self.holder, now, now + self._ttl_micros
            )
        except TROUBLE as error:
            _log.warning("lease_not_reached", job=name, error=repr(error))
            return None

    async def _hold(self, lease: Lease, job: Job, every_seconds: float) -> None:
        """Returns when the lease is lost."""
        work = asyncio.create_task(_repeat(lease, job, every_seconds), name=f"job {lease.name}")
        renewal = asyncio.create_task(self._renew_until_lost(lease), name=f"renewal {lease.name}")
        try:
            await asyncio.wait({work, renewal}, return_when=asyncio.FIRST_COMPLETED)
            _log.warning("lease_lost", job=lease.name, fence=lease.fence)
        finally:
            await end(work)
            await end(renewal)
            with suppress(*TROUBLE):
                await self._store.transact(lease.release, self._clock.now())

    async def _renew_until_lost(self, lease: Lease) -> None:
        """Measured on the monotonic clock, which no one sets: an hour asleep counts as an hour."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout_at(renewed + self._ttl_seconds):
                    await asyncio.sleep(self._ttl_seconds / 3)
                    began = loop.time()
                    with suppress(*TROUBLE):
                        if not await self._store.transact(lease.renew, self._clock.now() + self._ttl_micros):
                            return
                        renewed = began

    @property
    def _ttl_micros(self) -> int:
        return int(self._ttl_seconds * SECOND)


async def _repeat(lease: Lease, job: Job, every_seconds: float) -> None:
    while True:
        try:
            await job(lease)
        except LeaseLost:
            return
        except Exception:
            _log.exception("job_failed", job=lease.name)
        await asyncio.sleep(every_seconds)
