"""The store refused, mute, full, read-only, flushed: what is admitted then, and what is counted after."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence

import pytest
import redis.asyncio

from domain.risk.limit import FailureClass
from domain.risk.verbs import Verb
from servers.mesh.limiting.judgement import Charge, Source
from servers.mesh.limiting.limiter import WindowLimiter
from tests.conftest import started
from tests.contract.limiting.replicas import a_charge, eventually_alone, eventually_together, replica
from tests.servers import Redis

IMPATIENT = 0.05
"""More than the usual 20 ms: these tests count admissions, and a busy machine must not add to them."""


@pytest.fixture(params=[Redis.valkey, Redis.installed], ids=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """A server of the test's own, to be ended."""
    make: Callable[[], Redis] = request.param
    yield from started(make)


async def admitted(limiter: WindowLimiter, charges: Sequence[Charge], calls: int) -> int:
    return sum([(await limiter.decide(charges, 1)).admitted for _ in range(calls)])


async def used(limiter: WindowLimiter, charges: Sequence[Charge]) -> Sequence[int]:
    judgement = await limiter.decide(charges, 0, verb=Verb.CHECK)
    assert judgement.source is Source.STORE
    return judgement.reckoning.used


def refuse(server: Redis) -> None:
    server.kill()


def fall_mute(server: Redis) -> None:
    server.pause()


@pytest.mark.parametrize("fail", [refuse, fall_mute])
async def test_f04_f05_without_a_store_one_replica_admits_the_limit_and_no_more(
    server: Redis, fail: Callable[[Redis], None]
) -> None:
    async with replica(server.url, slow_seconds=IMPATIENT) as limiter:
        before = await admitted(limiter, [a_charge(10)], 4)
        fail(server)
        alone = await admitted(limiter, [a_charge(10)], 30)
        assert before + alone == 10
        refused = await limiter.decide([a_charge(10)], 1)
        assert refused.source is Source.LOCAL
        assert 0 < refused.reckoning.retry_after_ms <= 60_000
        server.resume()


async def test_f04_the_failure_class_decides_who_passes_without_a_store(server: Redis) -> None:
    async with replica(server.url, slow_seconds=IMPATIENT) as limiter:
        server.kill()
        closed = await limiter.decide([a_charge(5)], 1, FailureClass.CLOSED)
        assert (closed.admitted, closed.source) == (False, Source.UNDECIDED)
        assert closed.reckoning.retry_after_ms > 0
        opened = [await limiter.decide([a_charge(1, rule_id=2)], 1, FailureClass.OPEN) for _ in range(5)]
        assert [(one.admitted, one.source) for one in opened] == [(True, Source.UNDECIDED)] * 5
        strict = a_charge(5, rule_id=3, failure_class=FailureClass.CLOSED)
        assert not (await limiter.decide([strict], 1, FailureClass.OPEN)).admitted


async def test_two_replicas_that_are_alone_share_the_limit_and_tell_the_store_after(server: Redis) -> None:
    charges = [a_charge(11)]
    async with (
        replica(server.url, "one", slow_seconds=IMPATIENT) as one,
        replica(server.url, "two", slow_seconds=IMPATIENT) as two,
    ):
        await asyncio.sleep(0.25)  # until each has heard of the other
        server.pause()
        await asyncio.gather(eventually_alone(one), eventually_alone(two))
        assert await admitted(one, charges, 20) == await admitted(two, charges, 20) == 5
        server.resume()
        await asyncio.gather(eventually_together(one), eventually_together(two))
        assert await used(one, charges) == [10]
        assert await admitted(two, charges, 20) == 1


async def test_of_a_limit_of_one_only_one_replica_admits(server: Redis) -> None:
    charges = [a_charge(1, subject=f"member {number}") for number in range(20)]
    async with (
        replica(server.url, "one", slow_seconds=IMPATIENT) as one,
        replica(server.url, "two", slow_seconds=IMPATIENT) as two,
    ):
        await asyncio.sleep(0.25)
        server.pause()
        await asyncio.gather(eventually_alone(one), eventually_alone(two))
        both = [[await admitted(each, [charge], 2) for each in (one, two)] for charge in charges]
        again = [[(await each.decide([charge], 1)).source for each in (one, two)] for charge in charges]
        server.resume()
    assert all(sum(counts) == 1 for counts in both)
    assert {tuple(counts) for counts in both} == {(0, 1), (1, 0)}
    sources = {1: Source.LOCAL, 0: Source.ELSEWHERE}
    assert again == [[sources[count] for count in counts] for counts in both]


async def test_f07_a_flush_in_the_middle_of_an_attack_lets_nobody_over_a_strict_limit(server: Redis) -> None:
    charges = [a_charge(20, failure_class=FailureClass.CLOSED)]
    async with replica(server.url, "one") as one, replica(server.url, "two") as two:
        await asyncio.sleep(0.25)
        count = await admitted(one, charges, 6) + await admitted(two, charges, 6)
        async with redis.asyncio.from_url(server.url) as client:
            await client.flushall()
        attack = [admitted(each, charges, 100) for each in (one, two) for _ in range(5)]
        count += sum(await asyncio.gather(*attack))
        await asyncio.sleep(0.5)
        count += await admitted(one, charges, 20) + await admitted(two, charges, 20)
        assert count == 20
        assert await used(one, charges) == [20]


async def test_f07_the_others_stay_within_their_bound_after_a_flush(server: Redis) -> None:
    charges = [a_charge(100)]
    async with replica(server.url, "one") as one, replica(server.url, "two") as two:
        await asyncio.sleep(0.25)
        count = await admitted(one, charges, 60) + await admitted(two, charges, 60)
        async with redis.asyncio.from_url(server.url) as client:
            await client.flushall()
        attack = [admitted(each, charges, 200) for each in (one, two)]
        count += sum(await asyncio.gather(*attack))
        assert count <= 100 + 50


@pytest.mark.parametrize(
    "fault",
    [
        "CONFIG SET maxmemory 1",
        "REPLICAOF 127.0.0.1 1",
    ],
    ids=["out of memory", "read-only"],
)
async def test_f10_a_store_that_cannot_write_is_down_and_never_empty(server: Redis, fault: str) -> None:
    async with replica(server.url, slow_seconds=IMPATIENT) as limiter:
        before = await admitted(limiter, [a_charge(10)], 4)
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(f"{fault}\r\n".encode())
            assert connection.recv(5) == b"+OK\r\n"
        assert before + await admitted(limiter, [a_charge(10)], 30) == 10
        await eventually_alone(limiter)


async def test_f09_a_storm_of_cancelled_calls_on_a_mute_store_mixes_up_no_answers(server: Redis) -> None:
    async with replica(server.url, slow_seconds=IMPATIENT) as limiter:
        server.pause()
        calls = [
            asyncio.create_task(limiter.decide([a_charge(500, subject=f"m{n}", rule_id=n)], n % 7 + 1))
            for n in range(1, 1000)
        ]
        await asyncio.sleep(0.01)
        for call in calls[::2]:
            call.cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        server.resume()
        await eventually_together(limiter)
        for number, answer in enumerate(answers, start=1):
            if not isinstance(answer, BaseException):
                assert answer.reckoning.limits[0].rule_id == number
        after = await asyncio.gather(
            *(limiter.decide([a_charge(500, subject=f"n{n}", rule_id=n)], n % 7 + 1) for n in range(1, 500))
        )
        assert [one.reckoning.limits[0].rule_id for one in after] == list(range(1, 500))
        assert {used for one in after for used in one.reckoning.used} == {0}


async def test_a_server_that_forgot_its_scripts_is_sent_them_again(server: Redis) -> None:
    async with replica(server.url) as limiter:
        await admitted(limiter, [a_charge(5)], 2)
        async with redis.asyncio.from_url(server.url) as client:
            await client.script_flush()
        assert await admitted(limiter, [a_charge(5)], 10) == 3
        await eventually_together(limiter)
        assert await used(limiter, [a_charge(5)]) == [5]


async def test_f08_a_server_that_comes_back_with_an_older_state_is_told_the_rest(server: Redis) -> None:
    """As after a crash, with what was saved last: the same place, and another process."""
    strict, bounded = [a_charge(30, failure_class=FailureClass.CLOSED)], [a_charge(30, rule_id=2)]
    async with replica(server.url, slow_seconds=IMPATIENT) as limiter:
        assert [await admitted(limiter, charges, 7) for charges in (strict, bounded)] == [7, 7]
        await asyncio.sleep(0.25)  # what was counted until the last heartbeat will not be told twice
        async with redis.asyncio.from_url(server.url) as client:
            await client.save()
        assert [await admitted(limiter, charges, 7) for charges in (strict, bounded)] == [7, 7]
        server.kill()
        assert [await admitted(limiter, charges, 7) for charges in (strict, bounded)] == [0, 7]
        await eventually_alone(limiter)
        server.start()
        await eventually_together(limiter)
        assert [await used(limiter, charges) for charges in (strict, bounded)] == [[14], [21]]
