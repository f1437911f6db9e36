"""Runs the background jobs of a process, and ends them."""

import asyncio
from collections.abc import Sequence

import structlog

from servers.mesh.endings import end
from servers.mesh.slices import Job

PAUSE_AFTER_ERROR_SECONDS = 1.0

_log = structlog.get_logger("nectary.jobs")


class Jobs:
    """Background jobs, each in a task of its own."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, jobs: Sequence[Job]) -> None:
        self._tasks += [asyncio.create_task(_forever(job), name=job.name) for job in jobs]

    async def stop(self) -> None:
        """Cancels all of them and waits until they ended."""
        await end(*self._tasks)
        self._tasks.clear()


async def _forever(job: Job) -> None:
    while True:
        try:
            await job.run()
        except Exception:
            _log.exception("a job failed and is run again", job=job.name)
        await asyncio.sleep(PAUSE_AFTER_ERROR_SECONDS)
