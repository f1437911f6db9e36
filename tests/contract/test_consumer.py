"""From the stream to an effect: exactly once, in order, and poison aside (A-20, G6)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from redis.asyncio import Redis as RedisClient
from sqlalchemy import Connection

from domain.shared.errors import Unavailable
from servers.mesh.endings import end
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.faults import CommitUnknown
from servers.store.inbox import Inbox
from servers.store.intake import MAX_TRIES, Effect, Effects, Intake, at_once, one_by_one
from servers.store.leases import Lease, LeaseLost, acquire
from servers.store.outbox import Outbox
from servers.store.relay import Relay
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.contract import ledger
from tests.contract.conftest import DEAD_STREAM, STREAM, an_event, entries_of, events, eventually
from tests.fakes import FakeClock

GROUP = "points"


def enter(connection: Connection, event: Event) -> None:
    """The effect: a row that cannot be written twice."""
    ledger.enter(connection, event.event_id)


class Mended(Exception):
    """What poison raises until the bug is mended."""


class Poison:
    """An effect that fails for some events."""

    def __init__(self, *event_ids: str) -> None:
        self.poisonous = set(event_ids)
        self.tried: list[str] = []

    def __call__(self, connection: Connection, event: Event) -> None:
        self.tried.append(event.event_id)
        enter(connection, event)
        if event.event_id in self.poisonous:
            raise Mended(f"cannot take {event.event_id}")


@pytest.fixture
def dead_letters(tables: ServiceTables) -> DeadLetters:
    return DeadLetters(tables.dead_letter, GROUP)


@pytest.fixture
async def make_intake(
    store: Store, tables: ServiceTables, dead_letters: DeadLetters, clock: FakeClock
) -> Callable[[Effect], Intake]:
    await store.transact(ledger.create)
    return lambda effect: Intake(
        store, Inbox(tables.inbox, GROUP), dead_letters, at_once(one_by_one(effect)), clock
    )


MakeIntake = Callable[[Effect], Intake]


def a_consumer(intake: Intake, client: RedisClient) -> Consumer:
    return Consumer(intake, client, STREAM, DEAD_STREAM, GROUP, batch_size=10, block_ms=20)


async def published(client: RedisClient, some: list[Event]) -> None:
    for event in some:
        await client.xadd(STREAM, event.to_fields())


async def consumed(consumer: Consumer, lease: Lease) -> None:
    """Everything there is."""
    await consumer.consume_pending(lease)
    while await consumer.consume_new(lease):
        pass


async def effects(store: Store) -> set[str]:
    return await store.read(ledger.entries)


async def has_effects(store: Store, some: list[Event]) -> bool:
    return await effects(store) == ids(some)


def ids(some: Sequence[Event]) -> set[str]:
    return {event.event_id for event in some}


async def test_each_event_has_its_effect_and_is_acknowledged(
    store: Store, redis_client: RedisClient, make_intake: MakeIntake, lease: Lease
) -> None:
    effect = Poison()
    await published(redis_client, events(25))

    await consumed(a_consumer(make_intake(effect), redis_client), lease)

    assert effect.tried == [event.event_id for event in events(25)], "in order"
    assert await effects(store) == ids(events(25))
    assert (await redis_client.xpending(STREAM, GROUP))["pending"] == 0


async def test_a_repeated_event_has_no_second_effect(
    store: Store, redis_client: RedisClient, make_intake: MakeIntake, lease: Lease
) -> None:
    consumer = a_consumer(make_intake(enter), redis_client)
    await published(redis_client, [*events(5), *events(5)])
    await consumed(consumer, lease)
    await published(redis_client, events(8))
    await consumed(consumer, lease)

    assert await effects(store) == ids(events(8))


async def test_what_a_dead_reader_left_comes_first(
    store: Store, redis_client: RedisClient, make_intake: MakeIntake, lease: Lease
) -> None:
    """Killed after its effect and before the acknowledgement, or before both."""
    await published(redis_client, events(5))
    await redis_client.xgroup_create(STREAM, GROUP, id="0")
    await redis_client.xreadgroup(GROUP, "the dead", {STREAM: ">"}, count=5)
    effect = Poison()
    await make_intake(effect).take(lease, events(2))
    await published(redis_client, events(3, first=6))

    await consumed(a_consumer(make_intake(effect), redis_client), lease)

    assert effect.tried == [event.event_id for event in events(8)]
    assert (await redis_client.xpending(STREAM, GROUP))["pending"] == 0


async def test_poison_is_put_aside_after_five_tries_and_the_others_flow(
    store: Store,
    redis_client: RedisClient,
    make_intake: MakeIntake,
    dead_letters: DeadLetters,
    lease: Lease,
) -> None:
    """A-20."""
    poison = an_event(4)
    effect = Poison(poison.event_id)
    await published(redis_client, events(8))

    await consumed(a_consumer(make_intake(effect), redis_client), lease)

    assert await effects(store) == ids(events(8)) - {poison.event_id}
    [letter] = await store.read(dead_letters.waiting, 0, 10)
    assert letter.event == poison
    assert letter.attempts == MAX_TRIES == 5
    assert "cannot take" in letter.error
    assert effect.tried.count(poison.event_id) == 1 + MAX_TRIES, "once with its batch, then alone"
    [fields] = await entries_of(redis_client, DEAD_STREAM)
    assert Event.from_fields(fields) == poison
    assert fields[b"attempts"] == b"5"
    assert (await redis_client.xpending(STREAM, GROUP))["pending"] == 0


async def test_a_dead_letter_has_its_effect_when_the_cause_is_mended(
    store: Store,
    redis_client: RedisClient,
    make_intake: MakeIntake,
    dead_letters: DeadLetters,
    lease: Lease,
) -> None:
    effect = Poison(an_event(1).event_id, an_event(2).event_id)
    intake = make_intake(effect)
    await published(redis_client, events(3))
    await consumed(a_consumer(intake, redis_client), lease)

    assert await intake.redrive(10) == (0, 2), "not mended yet"
    letters = await store.read(dead_letters.waiting, 0, 10)
    assert [letter.attempts for letter in letters] == [MAX_TRIES + 1] * 2
    effect.poisonous = {an_event(2).event_id}
    assert await intake.redrive(10) == (1, 1)
    effect.poisonous.clear()
    assert await intake.redrive(10) == (1, 0)
    assert await intake.redrive(10) == (0, 0)

    assert await effects(store) == ids(events(3))


async def test_a_dead_letter_that_is_delivered_again_is_one_letter(
    store: Store, make_intake: MakeIntake, dead_letters: DeadLetters, lease: Lease
) -> None:
    effect = Poison(an_event(1).event_id)
    intake = make_intake(effect)
    await intake.take(lease, events(1))
    await intake.take(lease, events(1))
    assert len(await store.read(dead_letters.waiting, 0, 10)) == 1
    effect.poisonous.clear()
    await intake.take(lease, events(1))

    assert await intake.redrive(10) == (1, 0)
    assert await effects(store) == ids(events(1))


class Asking:
    """Learns something before each transaction, if whoever is asked answers."""

    def __init__(self) -> None:
        self.is_away = False
        self.silly: str | None = None
        """An event about which nothing can be learnt, ever."""

    async def prepare(self, asked: Sequence[Event]) -> Effects:
        if self.is_away:
            raise Unavailable("NOT_TOLD", "nobody answers")
        if self.silly in ids(asked):
            raise Mended("what does it mean?")
        learnt = ids(asked)

        def effects(connection: Connection, fresh: Sequence[Event]) -> None:
            assert ids(fresh) <= learnt
            one_by_one(enter)(connection, fresh)

        return effects


@pytest.fixture
def asking(make_intake: MakeIntake) -> tuple[Asking, Intake]:
    asking = Asking()
    return asking, replace(make_intake(enter), prepare=asking.prepare)


async def test_events_wait_until_what_they_need_is_learnt(
    store: Store, asking: tuple[Asking, Intake], dead_letters: DeadLetters, lease: Lease
) -> None:
    """Not a try is lost, and none is put aside: also of those that come again beside new ones."""
    other, intake = asking
    await intake.take(lease, events(2))
    other.is_away = True
    for _ in range(MAX_TRIES + 1):
        with pytest.raises(Unavailable):
            await intake.take(lease, events(4))
    assert await effects(store) == ids(events(2))
    assert await store.read(dead_letters.waiting, 0, 10) == []
    other.is_away = False
    assert await intake.take(lease, events(4)) == []
    assert await effects(store) == ids(events(4))


async def test_an_event_about_which_nothing_can_be_learnt_is_put_aside(
    store: Store, asking: tuple[Asking, Intake], lease: Lease
) -> None:
    other, intake = asking
    other.silly = an_event(1).event_id
    [failure] = await intake.take(lease, events(3))
    assert failure.event == an_event(1)
    assert await effects(store) == ids(events(3)) - {other.silly}
    other.is_away = True
    with pytest.raises(Unavailable):
        await intake.redrive(10)
    other.is_away, other.silly = False, None
    assert await intake.redrive(10) == (1, 0)
    assert await effects(store) == ids(events(3))


async def test_an_entry_that_is_no_event_is_put_aside(
    store: Store, redis_client: RedisClient, make_intake: MakeIntake, lease: Lease
) -> None:
    await redis_client.xadd(STREAM, {"something": "else"})
    await redis_client.xadd(STREAM, events(1)[0].to_fields() | {"seq": "many"})
    await published(redis_client, events(2))

    await consumed(a_consumer(make_intake(enter), redis_client), lease)

    assert await effects(store) == ids(events(2))
    assert await redis_client.xlen(DEAD_STREAM) == 2
    assert (await redis_client.xpending(STREAM, GROUP))["pending"] == 0


async def test_a_reader_that_lost_its_lease_has_no_effect(
    store: Store, make_intake: MakeIntake, tables: ServiceTables, lease: Lease
) -> None:
    late = 2 * 10**18
    await store.transact(acquire, tables.lease, lease.name, "another", now=late, until=late + 1)

    with pytest.raises(LeaseLost):
        await make_intake(enter).take(lease, events(1))

    assert await effects(store) == set()


async def test_a_database_that_does_not_answer_makes_no_dead_letters(
    store: Store, redis_client: RedisClient, make_intake: MakeIntake, dead_letters: DeadLetters, lease: Lease
) -> None:
    troubles = 3

    def troubled(connection: Connection, event: Event) -> None:
        nonlocal troubles
        if troubles:
            troubles -= 1
            raise CommitUnknown("as the store would")
        enter(connection, event)

    await published(redis_client, events(3))
    running = asyncio.create_task(a_consumer(make_intake(troubled), redis_client).run(lease))
    await eventually(lambda: has_effects(store, events(3)))

    await end(running)
    assert await store.read(dead_letters.waiting, 0, 10) == []


async def test_a_flushed_redis_costs_nothing_from_end_to_end(
    store: Store,
    redis_client: RedisClient,
    make_intake: MakeIntake,
    tables: ServiceTables,
    lease: Lease,
    clock: FakeClock,
) -> None:
    """The stream, its marker and the group all vanish while relay and consumer run."""
    outbox = Outbox(tables.outbox)
    relay = Relay(store, outbox, redis_client, STREAM, clock, batch_size=7, poll_seconds=0.01)
    consumer = a_consumer(make_intake(enter), redis_client)
    running = [asyncio.create_task(relay.run(lease)), asyncio.create_task(consumer.run(lease))]
    for first in range(1, 61, 10):
        await store.transact(outbox.append, events(10, first))
        relay.wake()
        await asyncio.sleep(0.03)
        await redis_client.flushall()
    await eventually(lambda: has_effects(store, events(60)))

    for task in running:
        await end(task)
