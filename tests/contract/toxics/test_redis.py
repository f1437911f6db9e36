"""The proxy before a real Redis and Valkey: what a client sees, and what was done all the same."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis as RedisClient
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import OutOfMemoryError
from redis.exceptions import TimeoutError as NoAnswer

from tests.contract.conftest import eventually
from tests.servers import Redis
from tests.toxics import DropReply, DropRequest, ForgeError, Latency, Proxy, Slicer, toxic_proxy

INCR = "INCRBY"
"""What redis-py says for `incr`."""


@pytest.fixture
async def proxy(redis_server: Redis) -> AsyncIterator[Proxy]:
    async with toxic_proxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
async def client(redis_client: RedisClient, proxy: Proxy) -> AsyncIterator[RedisClient]:
    """Through the proxy, with one open connection, and without a retry that would hide what happens."""
    client = RedisClient(
        port=proxy.port,
        single_connection_client=True,
        socket_timeout=20,
        retry=Retry(NoBackoff(), 0),
    )
    assert await client.ping()
    yield client
    proxy.clear()
    await client.aclose()


async def test_latency_is_felt(client: RedisClient, proxy: Proxy) -> None:
    proxy.add(Latency(200))
    began = time.monotonic()
    await client.ping()

    assert time.monotonic() - began >= 0.2


async def test_a_mute_redis_times_out(redis_client: RedisClient, proxy: Proxy) -> None:
    """F-05."""
    proxy.mute()
    client = RedisClient(port=proxy.port, socket_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(NoAnswer):
        await client.ping()

    proxy.clear()
    assert await client.ping()
    await client.aclose()


async def test_sliced_replies_are_put_together(client: RedisClient, proxy: Proxy) -> None:
    proxy.add(Slicer(average_size=3, size_variation=2, delay=100))
    await client.rpush("list", *["x" * 50] * 20)

    assert await client.lrange("list", 0, -1) == [b"x" * 50] * 20


async def test_the_reply_to_one_command_is_lost_and_the_command_was_done(
    client: RedisClient, redis_client: RedisClient, proxy: Proxy
) -> None:
    proxy.add(DropReply(protocol="redis", command=f"{INCR} chosen"))
    await client.incr("other")
    with pytest.raises(LostConnection):
        await client.incr("chosen")

    assert await redis_client.get("chosen") == b"1"
    assert await client.incr("chosen") == 2, "once only, and on a new connection"


async def test_a_reply_in_the_middle_of_a_pipeline_is_lost(
    client: RedisClient, redis_client: RedisClient, proxy: Proxy
) -> None:
    proxy.add(DropReply(protocol="redis", command=f"{INCR} b"))
    pipeline = client.pipeline(transaction=False)
    for name in "abc":
        pipeline.incr(name)
    with pytest.raises(LostConnection):
        await pipeline.execute()

    assert await redis_client.mget("a", "b", "c") == [b"1"] * 3


async def test_a_muted_reply_never_comes(
    client: RedisClient, redis_client: RedisClient, proxy: Proxy
) -> None:
    proxy.add(DropReply(protocol="redis", command=INCR, mute=True))
    waiting = asyncio.ensure_future(client.incr("chosen"))

    async def done() -> bool:
        return await redis_client.get("chosen") == b"1"

    await eventually(done)
    await asyncio.sleep(0.1)
    assert not waiting.done()

    proxy.cut()
    with pytest.raises(LostConnection):
        await waiting


async def test_a_dropped_command_was_never_done(
    client: RedisClient, redis_client: RedisClient, proxy: Proxy
) -> None:
    proxy.add(DropRequest(protocol="redis", command=INCR))
    with pytest.raises(LostConnection):
        await client.incr("chosen")

    assert await redis_client.get("chosen") is None


async def test_an_error_is_forged_without_asking_redis(
    client: RedisClient, redis_client: RedisClient, proxy: Proxy
) -> None:
    """F-10: what a full, a loading, or a read-only Redis says."""
    proxy.add(ForgeError("redis", INCR, error="OOM command not allowed when used memory > 'maxmemory'."))
    with pytest.raises(OutOfMemoryError):
        await client.incr("chosen")

    assert await redis_client.get("chosen") is None
    assert await client.incr("chosen") == 1, "once only, and on the same connection"


async def test_what_cannot_be_understood_is_reset_and_not_waited_for(proxy: Proxy) -> None:
    proxy.add(DropRequest(protocol="redis", command=INCR))
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"*x\r\n")

    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
