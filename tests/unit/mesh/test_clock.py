"""The clocks of the process (F-28)."""

import pytest

from domain.shared.instants import DAY, LATEST, SECOND, Instant
from servers.mesh.clock import SystemClock, TestClock


def test_the_system_clock_never_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([5_000_000, 3_000_000, 6_000_000])
    monkeypatch.setattr("servers.mesh.clock.time.time_ns", lambda: next(times))
    clock = SystemClock()
    assert [clock.now() for _ in range(3)] == [5_000, 5_000, 6_000]


async def test_a_frozen_clock_stands_still_and_a_running_one_runs() -> None:
    clock = TestClock(1000 * SECOND, frozen=True)
    assert clock.now() == clock.now() == 1000 * SECOND
    await clock.set(2000 * SECOND)
    first = clock.now()
    assert 2000 * SECOND <= first <= 2001 * SECOND
    assert clock.now() >= first


async def test_listeners_have_done_what_fell_due_when_the_clock_was_moved() -> None:
    clock = TestClock(0, frozen=True)
    seen: list[tuple[str, Instant]] = []

    async def listener(now: Instant) -> None:
        seen.append(("told", now))
        seen.append(("reads", clock.now()))

    clock.subscribe(listener)
    assert await clock.advance(3 * DAY) == 3 * DAY
    assert seen == [("told", 3 * DAY), ("reads", 3 * DAY)]
    assert clock.frozen


@pytest.mark.parametrize("instant", [-1, LATEST + 1])
async def test_the_clock_stays_within_the_calendar(instant: Instant) -> None:
    clock = TestClock(0, frozen=True)
    with pytest.raises(ValueError, match="1970 to 9999"):
        await clock.set(instant)
    assert clock.now() == 0


async def test_a_running_clock_stops_at_the_end_of_time() -> None:
    clock = TestClock(0)
    await clock.set(LATEST)
    assert clock.now() == LATEST
