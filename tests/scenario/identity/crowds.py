"""Many callers at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from clients import Raced
from nectary.identity.v1 import identity_pb2 as identity

T = TypeVar("T")
MOST_TRIES = 20


async def persistent(call: Callable[[], Awaitable[T]]) -> T:
    """As a caller does who was told that others were first: the same request again, a little later."""
    for _ in range(MOST_TRIES):
        try:
            return await call()
        except Raced as error:
            if error.reason not in ("TRANSACTION_RACED", "REQUEST_IN_PROGRESS"):
                raise
            await asyncio.sleep(random.uniform(0.5, 1.5) * (error.retry_after_seconds or 0.05))
    raise AssertionError(f"raced {MOST_TRIES} times")


async def all_at_once(calls: Sequence[Callable[[], Awaitable[T]]]) -> list[T | BaseException]:
    return await asyncio.gather(*(persistent(call) for call in calls), return_exceptions=True)


def assert_one_row_of(timeline: identity.Timeline, count: int) -> None:
    """So many terms in one lane, one behind the other: what renewals come to in any order (ID-1, ID-12)."""
    [lane] = timeline.lanes
    assert len(timeline.terms) == len(lane.segments) == count
    assert len({segment.term_id for segment in lane.segments}) == count
    for before, after in zip(lane.segments, lane.segments[1:], strict=False):
        assert before.end_time == after.start_time
