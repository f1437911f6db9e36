"""The coalescer against its promises, for any arrival, size, failure and cancellation."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.incoming import INCOMING
from domain.shared.errors import Unavailable
from servers.mesh.batching import Coalescer, for_two


class Recorder:
    """A batch function that notes what it is given; negative items fail, each with its own error."""

    def __init__(self, *, pauses: int = 1) -> None:
        self.batches: list[list[int]] = []
        self.running = 0
        self.most_running = 0
        self.began = asyncio.Event()
        self._pauses = pauses

    async def __call__(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append(list(items))
        self.began.set()
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        for _ in range(self._pauses):
            await asyncio.sleep(0)
        self.running -= 1
        return [KeyError(item) if item < 0 else item * 2 for item in items]


@given(
    items=st.lists(st.integers(-5, 20), max_size=40),
    gaps=st.lists(st.integers(0, 3), max_size=40),
    cancelled=st.sets(st.integers(0, 39)),
    max_size=st.integers(1, 7),
    in_flight=st.integers(1, 3),
    pause_seconds=st.sampled_from([0.0, 0.0001]),
)
async def test_every_waiter_gets_its_own_result_whatever_happens_to_the_others(
    items: list[int],
    gaps: list[int],
    cancelled: set[int],
    max_size: int,
    in_flight: int,
    pause_seconds: float,
) -> None:
    recorder = Recorder(pauses=2)
    coalescer = Coalescer(
        recorder, max_size=max_size, max_waiting=1000, in_flight=in_flight, pause=for_two(pause_seconds)
    )
    tasks: list[asyncio.Task[int]] = []
    for index, item in enumerate(items):
        tasks.append(asyncio.create_task(coalescer(item)))
        for _ in range(gaps[index] if index < len(gaps) else 0):
            await asyncio.sleep(0)
    for index in cancelled & set(range(len(tasks))):
        tasks[index].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await coalescer.drain()

    for index, (item, result) in enumerate(zip(items, results, strict=True)):
        if isinstance(result, asyncio.CancelledError):
            assert index in cancelled
        elif item < 0:
            assert isinstance(result, KeyError)
            assert result.args == (item,)
        else:
            assert result == item * 2
    assert all(1 <= len(batch) <= max_size for batch in recorder.batches)
    assert recorder.most_running <= in_flight
    batched = [item for batch in recorder.batches for item in batch]
    assert len(batched) <= len(items)
    not_cancelled = [item for index, item in enumerate(items) if index not in cancelled]
    assert all(batched.count(item) >= not_cancelled.count(item) for item in not_cancelled)


async def test_waiters_of_one_tick_share_one_batch_in_their_order() -> None:
    recorder = Recorder()
    coalescer = Coalescer(recorder, max_size=100, max_waiting=100)
    await asyncio.gather(*(coalescer(item) for item in range(10)))
    assert recorder.batches == [list(range(10))]


async def test_the_next_batch_gathers_while_one_runs() -> None:
    recorder = Recorder(pauses=20)
    coalescer = Coalescer(recorder, max_size=100, max_waiting=100)
    first = asyncio.create_task(coalescer(0))
    await recorder.began.wait()
    others = []
    for item in range(1, 6):
        others.append(asyncio.create_task(coalescer(item)))
        await asyncio.sleep(0)
    await asyncio.gather(first, *others)
    assert recorder.batches == [[0], [1, 2, 3, 4, 5]]


async def test_one_who_comes_back_with_each_answer_never_waits() -> None:
    recorder = Recorder()
    coalescer = Coalescer(recorder, max_size=3, max_waiting=10, pause=for_two(3600))
    async with asyncio.timeout(5):
        assert [await coalescer(item) for item in range(20)] == [item * 2 for item in range(20)]


async def test_a_crowd_gathers_through_the_pause_and_nobody_alone_waits() -> None:
    recorder = Recorder()
    coalescer = Coalescer(recorder, max_size=4, max_waiting=10, pause=for_two(3600))
    alone = asyncio.create_task(coalescer(1))
    await recorder.began.wait()
    during = [asyncio.create_task(coalescer(item)) for item in (2, 3)]
    assert await alone == 2
    later = asyncio.create_task(coalescer(4))
    await asyncio.sleep(0)
    assert recorder.batches == [[1]], "those who came during the batch wait for others"
    full = asyncio.create_task(coalescer(5))
    assert [*await asyncio.gather(*during, later, full)] == [4, 6, 8, 10], "a full batch waits for nobody"
    assert recorder.batches == [[1], [2, 3, 4, 5]]


async def test_too_few_for_a_crowd_do_not_wait_for_others() -> None:
    recorder = Recorder()
    coalescer = Coalescer(
        recorder, max_size=10, max_waiting=10, pause=lambda waiting: 3600 if waiting >= 3 else 0
    )
    first = asyncio.create_task(coalescer(1))
    await recorder.began.wait()
    async with asyncio.timeout(5):
        assert [*await asyncio.gather(first, coalescer(2), coalescer(3))] == [2, 4, 6]
    assert recorder.batches == [[1], [2, 3]]


async def test_a_batch_that_fails_as_a_whole_fails_all_its_waiters_and_no_later_one() -> None:
    broken = True

    async def batch(items: Sequence[int]) -> Sequence[int | Exception]:
        if broken:
            raise ConnectionError("gone")
        return list(items)

    coalescer = Coalescer(batch, max_size=10, max_waiting=10)
    results = await asyncio.gather(*(coalescer(item) for item in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError] * 3
    broken = False
    assert await coalescer(7) == 7


async def test_a_batch_with_the_wrong_number_of_results_fails_all() -> None:
    async def batch(items: Sequence[int]) -> Sequence[int | Exception]:
        return [1]

    coalescer = Coalescer(batch, max_size=10, max_waiting=10)
    results = await asyncio.gather(coalescer(1), coalescer(2), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError] * 2


async def test_a_batch_that_is_cancelled_inside_leaves_nobody_waiting() -> None:
    async def batch(items: Sequence[int]) -> Sequence[int | Exception]:
        raise asyncio.CancelledError

    coalescer = Coalescer(batch, max_size=10, max_waiting=10)
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(coalescer(1), 1)


async def test_an_item_may_even_answer_with_stop_iteration() -> None:
    async def batch(items: Sequence[int]) -> Sequence[int | Exception]:
        return [StopIteration("odd") if item % 2 else item for item in items]

    coalescer = Coalescer(batch, max_size=10, max_waiting=10)
    results = await asyncio.gather(coalescer(1), coalescer(2), return_exceptions=True)
    assert isinstance(results[0], RuntimeError)
    assert results[1] == 2


async def test_more_waiters_than_allowed_are_refused_and_the_others_served() -> None:
    recorder = Recorder()
    coalescer = Coalescer(recorder, max_size=2, max_waiting=5)
    results = await asyncio.gather(*(coalescer(item) for item in range(8)), return_exceptions=True)
    assert results[:5] == [0, 2, 4, 6, 8]
    assert [result.reason for result in results[5:] if isinstance(result, Unavailable)] == [
        "STORE_OVERLOADED"
    ] * 3


async def test_cancelled_waiters_make_room_for_others() -> None:
    recorder = Recorder(pauses=5)
    coalescer = Coalescer(recorder, max_size=1, max_waiting=3)
    running = asyncio.create_task(coalescer(0))
    await recorder.began.wait()
    waiting = [asyncio.create_task(coalescer(item)) for item in (1, 2, 3)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await coalescer(4) == 8
    await running
    assert recorder.batches == [[0], [4]]


async def test_a_batch_does_not_inherit_the_deadline_of_the_first_caller() -> None:
    seen: list[object] = []

    async def batch(items: Sequence[int]) -> Sequence[int | Exception]:
        seen.append(INCOMING.get())
        return list(items)

    class Deadline:
        request_id = "r"
        deadline = 1.0

    token = INCOMING.set(Deadline())
    try:
        await Coalescer(batch, max_size=10, max_waiting=10)(1)
    finally:
        INCOMING.reset(token)
    assert seen == [None]


@pytest.mark.parametrize("bounds", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_bounds_below_one_are_refused(bounds: tuple[int, int, int]) -> None:
    max_size, max_waiting, in_flight = bounds
    with pytest.raises(ValueError, match="at least 1"):
        Coalescer(Recorder(), max_size=max_size, max_waiting=max_waiting, in_flight=in_flight)
