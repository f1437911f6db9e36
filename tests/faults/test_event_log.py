"""F-38: whoever reads the event log may be slow, mute or gone. No call notices, no refusal is lost."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest
from redis.asyncio import Redis as RedisClient

from servers.mesh.clock import SystemClock
from servers.mesh.judging.file_sink import FileSink
from servers.mesh.judging.log import EventLog
from servers.mesh.judging.outlet import Outlet
from servers.mesh.judging.stream_sink import STREAM, StreamSink
from servers.mesh.redis_clients import short_calls
from servers.store.event import Event
from tests.conftest import started
from tests.contract.conftest import entries_of
from tests.servers import Redis
from tests.unit.mesh.records import a_record, a_refusal

CALLS = 4_000
REFUSED = {f"decision-{number}" for number in range(0, CALLS, 2)}
LONGEST_MS = 1.0


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """One that may be stopped."""
    yield from started(Redis.valkey)


@pytest.fixture
async def client(own_redis: Redis) -> AsyncIterator[RedisClient]:
    client = short_calls(own_redis.url)
    assert isinstance(client, RedisClient)
    yield client
    await client.aclose()


async def calls(log: EventLog) -> list[float]:
    """Half of them refused; the milliseconds that each was held up by the log."""
    held_up = []
    for number in range(CALLS):
        record = a_record(number) if number % 2 else a_refusal(number)
        began = time.perf_counter()
        log.put(record)
        held_up.append((time.perf_counter() - began) * 1000)
        if number % 40 == 0:
            await asyncio.sleep(0.002)
    return held_up


def require_unaffected(held_up: list[float]) -> None:
    # The machine itself holds up one in many; the log would hold up all.
    assert statistics.quantiles(held_up, n=1000)[-1] < LONGEST_MS


async def streamed(client: RedisClient) -> list[str]:
    """The decisions in the stream."""
    chunks = [Event.from_fields(fields) for fields in await entries_of(client, STREAM)]
    return [orjson.loads(line)["decision_id"] for chunk in chunks for line in chunk.payload.split(b"\n")]


async def test_f38_a_mute_redis_holds_up_no_call_and_gets_every_refusal_afterwards(
    own_redis: Redis, client: RedisClient
) -> None:
    outlet = Outlet(StreamSink(client, SystemClock()), ordinary=100)
    log = EventLog([outlet], samples_per_second=1e9)
    log.start()
    own_redis.pause()
    try:
        require_unaffected(await calls(log))
        await asyncio.sleep(1.0)
        assert outlet.waiting > len(REFUSED) - 500, "nobody takes them"
        assert outlet.dropped > 0, "samples gave way"
    finally:
        own_redis.resume()
    async with asyncio.timeout(30):
        await log.flush()
    await log.close()

    found = await streamed(client)
    assert set(found) >= REFUSED
    assert outlet.lost == 0
    assert outlet.written + outlet.dropped == CALLS, "what is left out is counted"


async def test_f38_a_redis_that_dies_and_comes_back_empty_gets_what_was_waiting(
    own_redis: Redis, client: RedisClient
) -> None:
    outlet = Outlet(StreamSink(client, SystemClock()))
    log = EventLog([outlet], samples_per_second=1e9)
    log.start()
    own_redis.kill()
    require_unaffected(await calls(log))
    own_redis.start()
    async with asyncio.timeout(30):
        await log.flush()
    await log.close()
    assert set(await streamed(client)) >= REFUSED


async def test_f38_a_pipe_that_nobody_reads_holds_up_no_call_and_the_other_sink_goes_on(
    client: RedisClient, tmp_path: Path
) -> None:
    pipe = tmp_path / "risk.jsonl"
    os.mkfifo(pipe)
    file = FileSink(pipe, max_bytes=10**9, kept_files=1)
    blocked, stream = Outlet(file, ordinary=100), Outlet(StreamSink(client, SystemClock()))
    log = EventLog([blocked, stream], samples_per_second=1e9)
    log.start()
    require_unaffected(await calls(log))
    await asyncio.wait_for(stream.written_all(), 30)
    await log.close(seconds=0.2)
    file.close()

    assert set(await streamed(client)) >= REFUSED
    assert blocked.lost == len(REFUSED), "said at the end: this pipe never took one"
    assert blocked.dropped == CALLS - len(REFUSED)
    # Lets the thread go that waits for a reader.
    os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
