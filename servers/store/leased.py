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
        self._jobs = jobs.Jobs(store, leases, clock)

    def job(self, name: str, work: jobs.Job, every_seconds: float = 1.0) -> Job:
        """Work that is done again so long after it returned, wherever the lease is."""

        async def run() -> None:
            async with self._jobs.run_under_lease(name, work, every_seconds=every_seconds):
                await asyncio.Event().wait()

        return Job(f"{self._service} {name}", run)
