"""A slice's background jobs that one process at a time does."""

import asyncio

from sqlalchemy import Table

from servers.mesh.clock import Clock
from servers.mesh.slices import Job
from servers.store import jobs
from servers.store.store import Store


class Leased:
    """Makes the jobs of one service, each with a lease of its own."""

    def __init__(self, service: str, store: Store, leases: Table, clock: Clock) -> None:
        self._service = service
        self._store = store
        self._leases = leases
        self._clock = clock

    def job(
        self, name: str, work: jobs.Job, every_seconds: float = 1.0, ttl_seconds: float = jobs.TTL_SECONDS
    ) -> Job:
        """Work that is done again so long after it returned, wherever the lease is.

        A holder that died is followed within 4/3 of `ttl_seconds`; each process writes or looks thrice in it.
        """
        holder = jobs.Jobs(self._store, self._leases, self._clock, ttl_seconds=ttl_seconds)

        async def run() -> None:
            async with holder.run_under_lease(name, work, every_seconds=every_seconds):
                await asyncio.Event().wait()

        return Job(f"{self._service} {name}", run)
