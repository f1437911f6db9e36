"""Background jobs: they run on after an error, and end when they are told."""

import asyncio
from contextlib import suppress

from servers.mesh.jobs import Jobs
from servers.mesh.slices import Job


async def test_a_job_that_fails_is_run_again() -> None:
    runs = 0
    running = asyncio.Event()

    async def unlucky() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ConnectionError("not yet")
        running.set()
        await asyncio.sleep(60)

    jobs = Jobs()
    jobs.start([Job("unlucky", unlucky)])
    await asyncio.wait_for(running.wait(), 10)
    await jobs.stop()
    assert runs == 2


async def test_stopping_ends_a_job_that_lost_its_first_cancellation() -> None:
    """As redis-py does, which calls `asyncio.wait_for`, when a command is sent at that moment."""

    async def works_on() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    jobs = Jobs()
    jobs.start([Job("works on", works_on)])
    await asyncio.sleep(0)
    await asyncio.wait_for(jobs.stop(), 10)


async def test_stopping_waits_until_every_job_has_cleaned_up() -> None:
    cleaned: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append("done")

    jobs = Jobs()
    jobs.start([Job("one", tidy), Job("two", tidy)])
    await asyncio.sleep(0)
    await jobs.stop()
    assert cleaned == ["done", "done"]
