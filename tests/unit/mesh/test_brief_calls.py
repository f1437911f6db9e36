"""Calls that are waited for briefly and never cut off."""

import asyncio
import time

import pytest

from servers.mesh import brief_calls
from servers.mesh.brief_calls import BriefCalls


async def steps(count: int, log: list[str]) -> str:
    """As many turns of the event loop, as an answer needs from the socket to its caller."""
    for _ in range(count):
        await asyncio.sleep(0)
    log.append("done")
    return "answer"


async def test_a_result_and_an_error_are_the_calls_own() -> None:
    async def fails() -> None:
        raise ConnectionError("refused")

    calls = BriefCalls()
    assert await calls.run(steps(3, []), 1) == "answer"
    with pytest.raises(ConnectionError):
        await calls.run(fails(), 1)


async def test_a_slow_call_is_not_waited_for_and_not_cut_off() -> None:
    log: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0.5)
        await steps(1, log)

    calls = BriefCalls()
    with pytest.raises(TimeoutError):
        await calls.run(slow(), 0.01)
    assert log == []
    await calls.close()
    assert log == ["done"]


async def test_a_caller_who_leaves_cuts_nothing_off() -> None:
    """Failure row 24."""
    log: list[str] = []
    calls = BriefCalls()
    caller = asyncio.create_task(calls.run(steps(5, log), 1))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await calls.close()
    assert log == ["done"]


async def test_a_process_that_is_late_itself_does_not_blame_the_store() -> None:
    hogging = True

    async def hog() -> None:
        while hogging:
            time.sleep(0.015)  # noqa: ASYNC251  # it keeps the event loop busy, as a rush does
            await asyncio.sleep(0)

    busy = asyncio.create_task(hog())
    calls = BriefCalls()
    assert await calls.run(steps(10, []), 0.02) == "answer"
    hogging = False
    await busy


async def test_what_hangs_is_given_up_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brief_calls, "CLOSE_SECONDS", 0.01)
    calls = BriefCalls()
    with pytest.raises(TimeoutError):
        await calls.run(asyncio.sleep(60), 0.001)
    await asyncio.wait_for(calls.close(), 1)
