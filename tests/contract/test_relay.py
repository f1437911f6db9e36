"""From the outbox to the stream: nothing is lost, whatever dies (F-02, G6)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis as RedisClient
from redis.asyncio import from_url
from redis.exceptions import RedisError

from domain.shared.instants import DAY, SECOND
from servers.mesh.endings import end
from servers.store.event import Event
from servers.store.leases import Lease, LeaseLost, acquire
from servers.store.outbox import Outbox
from servers.store.relay import Relay
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.conftest import started
from tests.contract.conftest import STREAM, entries_of, events, eventually
from tests.fakes import FakeClock
from tests.servers import Redis


@pytest.fixture
def outbox(tables: ServiceTables) -> Outbox:
    return Outbox(tables.outbox)


MakeRelay = Callable[[RedisClient], Relay]


@pytest.fixture
def make_relay(store: Store, outbox: Outbox, clock: FakeClock) -> MakeRelay:
    """A relay as a process that starts anew would make it."""
    return lambda client: Relay(store, outbox, client, STREAM, clock, batch_size=10, poll_seconds=0.02)


@pytest.fixture
def relay(make_relay: MakeRelay, redis_client: RedisClient) -> Relay:
    return make_relay(redis_client)


async def streamed(client: RedisClient) -> list[Event]:
    return [Event.from_fields(fields) for fields in await entries_of(client, STREAM)]


async def drained(relay: Relay, lease: Lease) -> int:
    total = 0
    while count := await relay.publish_once(lease):
        total += count
    return total


async def test_events_are_published_once_and_in_order(
    store: Store, outbox: Outbox, redis_client: RedisClient, relay: Relay, lease: Lease
) -> None:
    await store.transact(outbox.append, events(25))

    assert await drained(relay, lease) == 25
    await store.transact(outbox.append, events(5, first=26))
    assert await drained(relay, lease) == 5

    assert await streamed(redis_client) == events(30)


async def test_a_relay_that_died_between_publishing_and_marking_repeats_in_order(
    store: Store, outbox: Outbox, redis_client: RedisClient, make_relay: MakeRelay, lease: Lease
) -> None:
    """F-02. The repeats are for the inbox."""
    await store.transact(outbox.append, events(3))
    with pytest.raises(LeaseLost):
        await make_relay(redis_client).publish_once(replace(lease, fence=lease.fence - 1))
    assert await streamed(redis_client) == events(3), "published, and not marked"

    await drained(make_relay(redis_client), lease)

    assert await streamed(redis_client) == events(3) * 2


async def test_a_stream_that_vanished_is_filled_again(
    store: Store, outbox: Outbox, redis_client: RedisClient, relay: Relay, lease: Lease
) -> None:
    await store.transact(outbox.append, events(25))
    await drained(relay, lease)
    await redis_client.flushall()

    assert await drained(relay, lease) == 25

    assert await streamed(redis_client) == events(25)
    assert await relay.publish_once(lease) == 0, "and only once"


async def test_a_stream_that_vanished_while_no_relay_ran_is_filled_again(
    store: Store, outbox: Outbox, redis_client: RedisClient, make_relay: MakeRelay, lease: Lease
) -> None:
    await store.transact(outbox.append, events(15))
    await drained(make_relay(redis_client), lease)
    await redis_client.flushall()
    await store.transact(outbox.append, events(5, first=16))

    assert await drained(make_relay(redis_client), lease) == 20

    assert await streamed(redis_client) == events(20)


async def test_a_redis_that_fell_back_gets_only_what_it_lacks(
    store: Store, outbox: Outbox, redis_client: RedisClient, make_relay: MakeRelay, lease: Lease
) -> None:
    """A replica that lagged was promoted: the marker beside the stream says how far it came."""
    await store.transact(outbox.append, events(10))
    await drained(make_relay(redis_client), lease)
    dumps = {key: await redis_client.dump(key) for key in await redis_client.keys()}
    await store.transact(outbox.append, events(10, first=11))
    relay = make_relay(redis_client)
    await drained(relay, lease)
    await redis_client.flushall()
    for key, dump in dumps.items():
        assert dump is not None
        await redis_client.restore(key, 0, dump)
    assert await streamed(redis_client) == events(10)

    assert await drained(relay, lease) == 10

    assert await streamed(redis_client) == events(20)


async def test_what_was_published_before_the_window_is_not_repeated(
    store: Store,
    outbox: Outbox,
    redis_client: RedisClient,
    relay: Relay,
    lease: Lease,
    clock: FakeClock,
) -> None:
    await store.transact(outbox.append, events(5))
    await drained(relay, lease)
    clock.advance(8 * DAY)
    await store.transact(outbox.append, events(5, first=6))
    await drained(relay, lease)
    await redis_client.flushall()

    assert await drained(relay, lease) == 5


async def test_the_moments_grow_though_the_clock_does_not(
    store: Store, outbox: Outbox, redis_client: RedisClient, relay: Relay, lease: Lease, clock: FakeClock
) -> None:
    await store.transact(outbox.append, events(5))
    await drained(relay, lease)
    first = int(await redis_client.get(f"{{{STREAM}}}:moment") or 0)
    clock.advance(-DAY)
    await store.transact(outbox.append, events(5, first=6))
    await drained(relay, lease)

    assert int(await redis_client.get(f"{{{STREAM}}}:moment") or 0) > first


async def test_a_relay_that_lost_its_lease_marks_nothing(
    store: Store,
    outbox: Outbox,
    relay: Relay,
    lease: Lease,
    tables: ServiceTables,
) -> None:
    await store.transact(outbox.append, events(5))
    late = 2 * 10**18
    await store.transact(acquire, tables.lease, lease.name, "another", now=late, until=late + SECOND)

    with pytest.raises(LeaseLost):
        await relay.publish_once(lease)

    assert len(await store.read(outbox.unpublished, 100)) == 5


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis that a test may stop, and that keeps nothing."""
    yield from started(Redis.valkey)


@pytest.fixture
async def own_client(own_redis: Redis) -> AsyncIterator[RedisClient]:
    client = from_url(own_redis.url)
    yield client
    await client.aclose()


async def test_a_redis_that_goes_and_comes_back_empty_loses_nothing(
    store: Store,
    outbox: Outbox,
    own_redis: Redis,
    own_client: RedisClient,
    make_relay: MakeRelay,
    lease: Lease,
) -> None:
    running = asyncio.create_task(make_relay(own_client).run(lease))
    await store.transact(outbox.append, events(5))
    await _length(own_client, 5)
    own_redis.kill()
    await store.transact(outbox.append, events(5, first=6))
    await asyncio.sleep(0.1)
    own_redis.start()
    await _length(own_client, 10)

    assert await streamed(own_client) == events(10)
    await end(running)


async def test_a_bell_is_heard_before_the_next_poll(
    store: Store, outbox: Outbox, redis_client: RedisClient, lease: Lease, clock: FakeClock
) -> None:
    relay = Relay(store, outbox, redis_client, STREAM, clock, poll_seconds=60)
    running = asyncio.create_task(relay.run(lease))
    await asyncio.sleep(0.1)
    await store.transact(outbox.append, events(1))
    relay.wake()
    await _length(redis_client, 1)

    await end(running)


async def _length(client: RedisClient, count: int) -> None:
    """Returns once the stream has that many entries."""

    async def long_enough() -> bool:
        with contextlib.suppress(RedisError):
            return await client.xlen(STREAM) >= count
        return False

    await eventually(long_enough)
