"""Decisions from the log of a process into the table: each once, and poison aside."""

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis as RedisClient

from domain.shared.instants import DAY
from servers.mesh.judging.log import EventLog
from servers.mesh.judging.outlet import Line, Outlet
from servers.mesh.judging.record import DecisionRecord, plain_json, to_line
from servers.mesh.judging.stream_sink import DEAD_STREAM, STREAM, StreamFull, StreamSink
from servers.risk.intake import GROUP, DecisionRetention, decision_intake
from servers.risk.sql.decisions import add_decisions, decisions_after, number_before
from servers.risk.sql.tables import common
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.leases import Lease
from servers.store.store import Store
from tests.contract.conftest import entries_of
from tests.fakes import EPOCH, FakeClock
from tests.unit.mesh.records import a_record, a_refusal, written


@pytest.fixture
def intake(risk_store: Store, redis_client: RedisClient, clock: FakeClock) -> Consumer:
    return decision_intake(risk_store, redis_client, clock)


@pytest.fixture
def sink(redis_client: RedisClient, clock: FakeClock) -> StreamSink:
    return StreamSink(redis_client, clock)


def a_line(record: DecisionRecord) -> Line:
    return Line(to_line(record, plain_json(record.evidence)), record.must_be_kept)


async def take_all(intake: Consumer, lease: Lease) -> None:
    await intake.consume_pending(lease)
    while await intake.consume_new(lease):
        pass


async def recorded(store: Store) -> list[DecisionRecord]:
    return [record for _, record in await store.read(decisions_after, 0, 10_000)]


async def test_records_come_through_whole_and_leave_the_stream(
    risk_store: Store, redis_client: RedisClient, intake: Consumer, sink: StreamSink, risk_lease: Lease
) -> None:
    log = EventLog([Outlet(sink)], samples_per_second=1e9)
    log.start()
    records = [a_refusal(number) if number % 3 else a_record(number) for number in range(230)]
    for record in records:
        log.put(record)
    await log.flush()
    await log.close()
    await take_all(intake, risk_lease)

    assert sorted(await recorded(risk_store)) == sorted(records)
    assert await redis_client.xlen(STREAM) == 0, "what is left in the stream is what waits"


async def test_a_record_is_there_once_however_often_and_in_whatever_chunk_it_comes(
    risk_store: Store, intake: Consumer, sink: StreamSink, risk_lease: Lease
) -> None:
    lines = [a_line(a_refusal(number)) for number in range(70)]
    await sink.write(lines)
    await sink.write(lines)
    await take_all(intake, risk_lease)
    await sink.write(lines[3:60])
    await sink.write([lines[5]])
    await take_all(intake, risk_lease)

    assert await recorded(risk_store) == [a_refusal(number) for number in range(70)]


async def test_a_line_that_is_no_record_goes_to_the_dead_letters_and_its_neighbours_in(
    risk_store: Store, intake: Consumer, sink: StreamSink, risk_lease: Lease
) -> None:
    await sink.write([a_line(a_refusal(1)), Line(b'{"outcome": 7}', True), a_line(a_refusal(2))])
    await take_all(intake, risk_lease)

    assert await recorded(risk_store) == [a_refusal(1), a_refusal(2)]
    letters = await risk_store.read(DeadLetters(common.dead_letter, GROUP).waiting, 0, 10)
    assert [letter.event.payload for letter in letters] == [b'{"outcome": 7}']
    assert "no record" in letters[0].error


async def test_an_entry_that_is_no_chunk_is_put_aside(
    risk_store: Store, redis_client: RedisClient, intake: Consumer, sink: StreamSink, risk_lease: Lease
) -> None:
    await redis_client.xadd(STREAM, {"who": "knows"})
    await sink.write([a_line(a_refusal(1))])
    await take_all(intake, risk_lease)

    assert await recorded(risk_store) == [a_refusal(1)]
    [aside] = await entries_of(redis_client, DEAD_STREAM)
    assert aside[b"who"] == b"knows"
    assert await redis_client.xlen(STREAM) == 0


async def test_an_event_of_another_kind_is_passed_over(
    risk_store: Store, redis_client: RedisClient, intake: Consumer, sink: StreamSink, risk_lease: Lease
) -> None:
    await sink.write([a_line(a_refusal(1))])
    [fields] = await entries_of(redis_client, STREAM)
    unknown = replace(Event.from_fields(fields), event_id="another", type="SomethingElse")
    await redis_client.xadd(STREAM, unknown.to_fields())
    await take_all(intake, risk_lease)
    assert await recorded(risk_store) == [a_refusal(1)]


async def test_a_full_stream_takes_no_samples_and_then_nothing_and_loses_nothing(
    redis_client: RedisClient, clock: FakeClock
) -> None:
    sink = StreamSink(redis_client, clock, full_chunks=4)
    assert await sink.write([a_line(a_refusal(1)), a_line(a_record(2))]) == 0
    await sink.write([a_line(a_refusal(3))])
    assert await sink.write([a_line(a_refusal(4)), a_line(a_record(5))]) == 1, "half full: no samples"
    await sink.write([a_line(a_refusal(6))])
    with pytest.raises(StreamFull):
        await sink.write([a_line(a_refusal(7))])
    assert await redis_client.xlen(STREAM) == 4


async def test_decisions_are_forgotten_when_their_time_is_over(
    risk_store: Store, risk_lease: Lease, clock: FakeClock
) -> None:
    old, young = a_refusal(1), a_refusal(2, time=EPOCH + 29 * DAY)
    await risk_store.transact(add_decisions, written(old, young))
    clock.set(EPOCH + 30 * DAY + 10)
    await DecisionRetention(risk_store, clock, days=30).run(risk_lease)
    assert await recorded(risk_store) == [young]


async def test_decisions_are_found_from_a_moment_on(risk_store: Store) -> None:
    for number in range(5):
        await risk_store.transact(add_decisions, written(a_refusal(number, time=EPOCH + number * DAY)))
    [first, *_] = await risk_store.read(decisions_after, 0, 1)
    assert await risk_store.read(number_before, EPOCH + 2 * DAY) == first.id + 1
    assert await risk_store.read(number_before, EPOCH + 9 * DAY) == first.id + 4
    assert await risk_store.read(number_before, 0) == first.id - 1


async def test_two_intakes_at_once_take_each_decision_once(risk_store: Store) -> None:
    records = [a_refusal(number) for number in range(40)]
    await asyncio.gather(*(risk_store.transact(add_decisions, written(*records)) for _ in range(4)))
    assert await recorded(risk_store) == records
