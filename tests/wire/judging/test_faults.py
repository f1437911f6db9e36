"""Redis refused, mute and slow under a judged server: what is still admitted, how soon, and what returns."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import grpc
import pytest
import redis.asyncio

from domain.risk.charging import counted_limit, key_name
from domain.risk.rules import Limit, Rollout, Rule
from domain.risk.share import share
from domain.risk.subjects import SubjectKind
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.contract import method_of
from servers.mesh.limiting.keys import Keys
from tests.servers import Redis
from tests.toxics import Latency, Proxy, toxic_proxy
from tests.wire.judging.conftest import Court, Judged
from tests.wire.judging.publishing import put_in_force
from tests.wire.mesh.running import refusal, until

HELLO = pb.EchoRequest(text="hello")
TEN = Rule("ten", "Ten a minute", "me", Limit((SubjectKind.CALLER,), 10, 60_000))
ONE = Rule("one", "One a minute", "me", Limit((SubjectKind.SCENE,), 1, 60_000))
SECRET = "a secret of tests"
SOON_SECONDS = 3.0
"""For one call. The limiter gives up after 20 ms; this leaves room for a busy machine, and none for the
seconds that a client would wait by itself."""


async def refuse(proxy: Proxy) -> None:
    await proxy.stop()


async def fall_mute(proxy: Proxy) -> None:
    proxy.mute()


async def be_slow(proxy: Proxy) -> None:
    proxy.add(Latency(latency=500))


async def mend(proxy: Proxy) -> None:
    """Also before a server ends, which else waits for two seconds to write its log."""
    proxy.clear()
    await proxy.start()


Fault = Callable[[Proxy], Awaitable[None]]
FAULTS = [refuse, fall_mute, be_slow]


async def admitted(court: Court, calls: int) -> int:
    """How many of them; none may take long, whatever its answer."""
    count = 0
    for _ in range(calls):
        began = time.monotonic()
        try:
            await court.server.stub.Echo(HELLO)
            count += 1
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
        assert time.monotonic() - began < SOON_SECONDS
    return count


@pytest.mark.parametrize("fail", FAULTS)
async def test_f04_f05_f06_a_bounded_method_goes_on_within_its_limit(
    judged: Judged, redis_client: "redis.asyncio.Redis", redis_server: Redis, fail: Fault
) -> None:
    await put_in_force(redis_client, TEN)
    async with (
        toxic_proxy(redis_server.port) as proxy,
        judged(redis_url=url(proxy), risk_slow_ms=20) as court,
    ):
        before = await admitted(court, 4)
        await fail(proxy)
        alone = await admitted(court, 30)
        assert before + alone == 10
        assert court.in_force == 1
        await until(lambda: court.metric("nectary_risk_shards_alone") == 1)
        await mend(proxy)


@pytest.mark.parametrize("fail", FAULTS)
async def test_rk3_without_redis_only_closed_methods_change(
    judged: Judged, redis_client: "redis.asyncio.Redis", redis_server: Redis, fail: Fault
) -> None:
    await put_in_force(redis_client, TEN)
    async with (
        toxic_proxy(redis_server.port) as proxy,
        judged(redis_url=url(proxy), risk_slow_ms=20) as court,
    ):
        stub = court.server.stub
        await fail(proxy)
        for _ in range(3):
            assert await admitted(court, 1) == 1
            async for _ in stub.Count(pb.CountRequest(to=2)):
                pass
        closed = await refusal(stub.Hold(pb.HoldRequest(ms=1)))
        assert closed.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert closed.retry_after_seconds is not None
        await mend(proxy)
        await until(lambda: court.is_together, seconds=30)
        await stub.Hold(pb.HoldRequest(ms=1))


async def test_the_last_unit_of_a_limit_is_left_to_another_replica(
    judged: Judged, redis_client: "redis.asyncio.Redis", redis_server: Redis
) -> None:
    await put_in_force(redis_client, ONE)
    async with (
        toxic_proxy(redis_server.port) as proxy,
        judged(redis_url=url(proxy), risk_secret=SECRET) as court,
    ):
        await proxy.stop()
        await until(lambda: court.metric("nectary_risk_shards_alone") == 1, seconds=30)
        [shard] = court.chambers.limiter.shards
        shard.replicas = frozenset({shard.replica, owner_beside(shard.replica)})
        told = await refusal(court.server.stub.Echo(HELLO))
        assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "DECIDED_ELSEWHERE")
        assert told.metadata.keys() == {"rule_id", "decision_id"}
        assert told.retry_after_seconds is not None
        assert 1 <= told.retry_after_seconds <= 1.1
        [record] = await court.records(1)
        assert (record.outcome, record.rule_id) == ("THROTTLE", "one")


def owner_beside(replica: str) -> str:
    """The name of a replica that has the only unit of ONE."""
    limit = counted_limit(ONE)
    scene = method_of("/nectary.testing.v1.EchoService/Echo", {}).scene
    _, window = Keys(SECRET.encode()).window(limit.rule_id, limit.subject, key_name([scene]))
    others = (f"other {number}" for number in itertools.count())
    return next(other for other in others if not share(limit, window, replica, {other}))


async def test_a_shadow_says_nothing_without_redis(
    judged: Judged, redis_client: "redis.asyncio.Redis", redis_server: Redis
) -> None:
    await put_in_force(redis_client, replace(TEN, rollout=Rollout(shadow=True)))
    async with (
        toxic_proxy(redis_server.port) as proxy,
        judged(redis_url=url(proxy), risk_slow_ms=20) as court,
    ):
        await proxy.stop()
        assert await admitted(court, 30) == 30
        assert {record.would for record in await court.records(30)} == {()}


async def test_a_server_starts_without_redis_by_its_own_rules(judged: Judged, redis_server: Redis) -> None:
    async with toxic_proxy(redis_server.port) as proxy:
        await proxy.stop()
        async with judged(redis_url=url(proxy), together=False) as court:
            assert (await court.server.stub.Echo(HELLO)).text == "hello"
            assert court.in_force == 0
            await mend(proxy)


async def test_f09_cancelled_calls_leave_no_answer_to_the_next(
    judged: Judged, redis_client: "redis.asyncio.Redis", redis_server: Redis
) -> None:
    await put_in_force(redis_client, TEN)
    async with toxic_proxy(redis_server.port) as proxy, judged(redis_url=url(proxy)) as court:
        proxy.add(Latency(latency=20))
        calls: list[Any] = [court.server.stub.Echo(HELLO) for _ in range(200)]
        await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        proxy.clear()
        # Whatever was charged, the window is full or it is not: never more than ten in all.
        assert await admitted(court, 30) <= 10


def url(proxy: Proxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}/0"
