"""The event log in front of sinks that work, wait and fail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import orjson
import pytest

from servers.mesh.judging.backlog import ORDINARY
from servers.mesh.judging.log import EventLog
from servers.mesh.judging.outlet import Line, Outlet
from tests.unit.mesh.records import a_record, a_refusal


class Shelf:
    """A sink that keeps what it gets, once it may."""

    name = "shelf"

    def __init__(self, fails: int = 0) -> None:
        self.lines: list[bytes] = []
        self.sizes: list[int] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self._fails = fails

    async def write(self, lines: Sequence[Line]) -> int:
        await self.is_open.wait()
        if self._fails:
            self._fails -= 1
            raise OSError("not now")
        self.sizes.append(len(lines))
        self.lines += [line.text for line in lines]
        return 0

    @property
    def ids(self) -> list[str]:
        return [orjson.loads(line)["decision_id"] for line in self.lines]


MakeLog = Callable[..., EventLog]


@pytest.fixture
async def make_log() -> AsyncIterator[MakeLog]:
    logs: list[EventLog] = []

    def make(*outlets: Outlet, samples_per_second: float = 1e9) -> EventLog:
        logs.append(EventLog(outlets, samples_per_second=samples_per_second))
        logs[-1].start()
        return logs[-1]

    yield make
    for log in logs:
        await log.close(seconds=0.01)


async def test_every_record_reaches_every_sink_in_batches(make_log: MakeLog) -> None:
    one, other = Shelf(), Shelf()
    log = make_log(Outlet(one), Outlet(other))
    for number in range(1200):
        log.put(a_record(number))
    await log.flush()

    assert sorted(one.ids) == sorted(other.ids) == sorted(f"decision-{number}" for number in range(1200))
    assert max(one.sizes) <= 500
    assert len(one.sizes) < 100, "not one by one"


async def test_a_quiet_record_is_written_within_a_moment(make_log: MakeLog) -> None:
    shelf = Shelf()
    log = make_log(Outlet(shelf))
    log.put(a_record())
    await asyncio.sleep(0.3)
    assert shelf.ids == ["decision-1"]


async def test_a_sink_that_fails_is_tried_again_with_the_same_lines(make_log: MakeLog) -> None:
    shelf = Shelf(fails=2)
    outlet = Outlet(shelf)
    log = make_log(outlet)
    log.put(a_refusal(1))
    log.put(a_refusal(2))
    await log.flush()

    assert shelf.ids == ["decision-1", "decision-2"]
    assert (outlet.written, outlet.failures, outlet.lost, outlet.dropped) == (2, 2, 0, 0)


async def test_f38_a_stuck_sink_loses_samples_and_counts_them_and_no_refusal(make_log: MakeLog) -> None:
    stuck, other = Shelf(), Shelf()
    stuck.is_open.clear()
    outlet = Outlet(stuck, kept=1000, ordinary=100)
    log = make_log(outlet, Outlet(other))
    for number in range(2000):
        log.put(a_refusal(number) if number % 2 else a_record(number))
        if number % 100 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0.3)
    assert len(other.ids) == 2000, "the other sink goes on"

    stuck.is_open.set()
    await log.flush()
    refused = {f"decision-{number}" for number in range(1, 2000, 2)}
    assert refused <= set(stuck.ids)
    assert outlet.lost == 0
    assert outlet.dropped == 2000 - len(stuck.ids) > 0


async def test_a_burst_of_refusals_waits_where_samples_would_be_dropped(make_log: MakeLog) -> None:
    """All at once, so that not one is a line yet."""
    shelf = Shelf()
    log = make_log(Outlet(shelf))
    for number in range(ORDINARY + 100):
        log.put(a_refusal(number))
    await log.flush()
    assert len(shelf.ids) == ORDINARY + 100


async def test_of_calls_let_through_there_is_a_sample_that_says_so(make_log: MakeLog) -> None:
    shelf = Shelf()
    log = make_log(Outlet(shelf), samples_per_second=10)
    for number in range(100):
        log.put(a_record(number))
    log.put(a_refusal(100))
    await asyncio.sleep(0.3)
    log.put(a_record(101))
    await log.flush()

    assert log.left_out == 90
    assert shelf.ids[0] == "decision-100", "refusals are in no sample, and go first"
    assert orjson.loads(shelf.lines[-1])["sampled"] is True
    assert len(shelf.ids) == 12


async def test_evidence_that_is_no_json_costs_the_evidence_alone(make_log: MakeLog) -> None:
    shelf = Shelf()
    log = make_log(Outlet(shelf))
    log.put(a_refusal(1, evidence=object()))
    log.put(a_refusal(2, evidence={"big": "x" * 40_000}))
    await log.flush()
    assert shelf.ids == ["decision-1", "decision-2"]
    assert [orjson.loads(line)["evidence"] for line in shelf.lines] == [None, None]


async def test_what_cannot_be_written_at_the_end_is_counted(make_log: MakeLog) -> None:
    stuck = Shelf()
    stuck.is_open.clear()
    outlet = Outlet(stuck)
    log = make_log(outlet)
    log.put(a_refusal(1))
    log.put(a_record(2))
    await log.close(seconds=0.3)
    assert outlet.lost + outlet.dropped == 2
    assert outlet.lost >= 1
