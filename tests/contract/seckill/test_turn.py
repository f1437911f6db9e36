"""Turns: one committer in the usual case, and nobody who waits for one that is dead."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis as RedisClient

from servers.mesh.redis_clients import short_calls
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.turn import OWN_SECONDS, PATIENCE_SECONDS, TURN, Turns, turn_key
from tests.contract.seckill.activities import a_reserve, opened, work_of
from tests.contract.seckill.books import books_of, violations
from tests.contract.seckill.conftest import OpenStore
from tests.fakes import FakeClock
from tests.servers import Redis, free_port

SALE = "sale_1"
OpenTurns = Callable[[], Turns]


@pytest.fixture
async def open_turns(redis_server: Redis, redis_client: RedisClient) -> AsyncIterator[OpenTurns]:
    """The turns of another process each time."""
    async with AsyncExitStack() as closing:

        def open_one() -> Turns:
            client = short_calls(redis_server.url)
            closing.push_async_callback(client.aclose)
            turns = Turns(client)
            closing.push_async_callback(turns.close)
            return turns

        yield open_one


async def ask(client: RedisClient, verb: bytes, who: bytes, lasting: int = 1_000) -> bool:
    return bool(await TURN.run(client, [turn_key(SALE)], [verb, who, b"%d" % lasting]))


async def test_there_is_one_holder_and_it_hands_over_to_who_waits(redis_client: RedisClient) -> None:
    assert await ask(redis_client, b"TAKE", b"ann")
    assert await ask(redis_client, b"TAKE", b"ann"), "it may go on"
    assert not await ask(redis_client, b"TAKE", b"bob")
    assert not await ask(redis_client, b"TAKE", b"ann"), "bob waits"
    assert not await ask(redis_client, b"TAKE", b"eve")
    assert await ask(redis_client, b"TAKE", b"bob")


async def test_a_turn_that_is_given_back_goes_to_who_waits_or_is_free(redis_client: RedisClient) -> None:
    await ask(redis_client, b"TAKE", b"ann")
    await ask(redis_client, b"TAKE", b"bob")
    await ask(redis_client, b"GIVE", b"ann")
    assert not await ask(redis_client, b"TAKE", b"eve")
    assert await ask(redis_client, b"TAKE", b"bob")
    await ask(redis_client, b"GIVE", b"ann")
    await ask(redis_client, b"GIVE", b"bob")
    assert not await ask(redis_client, b"TAKE", b"ann"), "eve waited"
    assert await ask(redis_client, b"TAKE", b"eve")


async def test_a_turn_ends_by_itself(redis_client: RedisClient) -> None:
    """Row 19: a holder that is paused keeps nobody."""
    assert await ask(redis_client, b"TAKE", b"ann", 30)
    await asyncio.sleep(0.05)
    assert await ask(redis_client, b"TAKE", b"bob")
    assert not await ask(redis_client, b"TAKE", b"ann")


async def test_nobody_waits_long_for_a_holder_that_is_gone(open_turns: OpenTurns) -> None:
    dead, alive = open_turns(), open_turns()
    await dead.take(SALE)
    began = time.monotonic()
    await alive.take(SALE)
    assert PATIENCE_SECONDS <= time.monotonic() - began < PATIENCE_SECONDS + 0.5


async def test_a_turn_that_is_not_used_is_given_back(
    open_turns: OpenTurns, redis_client: RedisClient
) -> None:
    turns = open_turns()
    await turns.take(SALE)
    turns.done(SALE, more=False)
    await asyncio.sleep(OWN_SECONDS + 0.1)
    assert await redis_client.exists(turn_key(SALE)) == 0


async def test_without_redis_there_are_no_turns_and_no_waiting() -> None:
    """SK-5: asked once a second, and refused at once."""
    client = short_calls(f"redis://127.0.0.1:{free_port()}/0")
    turns = Turns(client)
    await turns.take(SALE)
    began = time.monotonic()
    for _ in range(100):
        await turns.take(SALE)
    assert time.monotonic() - began < PATIENCE_SECONDS
    await turns.close()
    await client.aclose()


async def test_processes_that_take_turns_sell_exactly_the_stock(
    open_store: OpenStore, seckill_url: str, open_turns: OpenTurns, clock: FakeClock
) -> None:
    """SK-1, SK-2 by three processes, one of which goes without its turn."""
    processes = [Commits(open_store(), clock, None, turns) for turns in (open_turns(), open_turns(), None)]
    activity = await opened(open_store(), 150)
    crowd = [processes[number % 3](work_of(activity, a_reserve(f"m{number}"))) for number in range(200)]
    await asyncio.gather(*crowd, return_exceptions=True)
    books = books_of(seckill_url, activity.activity_id)
    assert list(violations(books)) == []
    assert books.held == 150
    for process in processes:
        await process.drain()
