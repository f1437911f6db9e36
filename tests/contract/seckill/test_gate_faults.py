"""The gate refused, mute, full, read-only, loading, emptied, damaged: nobody is refused wrongly."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
import redis.asyncio

from domain.seckill.gate import Claim, Verdict
from domain.shared.errors import Unavailable
from servers.mesh.breaker import FAILURES
from servers.mesh.redis_clients import short_calls
from servers.seckill.gate.gate import Gate
from servers.seckill.gate.keys import gate_keys
from servers.seckill.gate.store import SLOW_SECONDS, Away, Call, GateStore
from servers.seckill.gate.things import MISSING, PEEK
from tests.conftest import started
from tests.contract.conftest import eventually
from tests.gate.ledger import Ledger, a_gate, a_shape, buy, claims, count_of
from tests.servers import Redis

IMPATIENT = 0.25
"""More than the usual 20 ms: a busy machine must not be taken for a store that is away."""
GATE, OPEN, HELD, MEMBERS, KNOWN = gate_keys("a")


@pytest.fixture(params=[Redis.valkey, Redis.installed], ids=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """A server of the test's own, to be ended."""
    make: Callable[[], Redis] = request.param
    yield from started(make)


def tell(server: Redis, command: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{command}\r\n".encode())
        assert connection.recv(5) == b"+OK\r\n"


async def verdict(gate: Gate, request_id: str, member_id: str = "ann") -> Verdict:
    return (await gate.claim("a", Claim(member_id, request_id, 1, 0))).verdict


async def eventually_back(gate: Gate, verdict_then: Verdict = Verdict.CLAIMED) -> None:
    number = 0

    async def is_back() -> bool:
        nonlocal number
        number += 1
        return await verdict(gate, "back", f"back-{number}") is verdict_then

    await eventually(is_back, seconds=30)


async def test_a_mute_gate_is_waited_for_briefly_and_never_asked_twice(server: Redis) -> None:
    """I7; failure row 10: what was claimed unseen is one record, and a repeat finds it."""
    ledger, loop = Ledger(a=a_shape(100)), asyncio.get_running_loop()
    async with a_gate(server.url, ledger) as patient:
        await patient.load("a")
        async with a_gate(server.url, ledger, slow_seconds=SLOW_SECONDS) as gate:
            await eventually_back(gate)
            server.pause()
            began = loop.time()
            assert await verdict(gate, "unseen") is Verdict.AWAY
            assert loop.time() - began < 0.5
            for number in range(10):
                assert await verdict(gate, f"later {number}") is Verdict.AWAY
            began = loop.time()
            asked = [await verdict(gate, f"breaker {number}") for number in range(100)]
            assert asked == [Verdict.AWAY] * 100
            assert loop.time() - began < 0.5
            server.resume()
            await eventually_back(gate)
        assert (await patient.compare("a", repair=False)).is_balanced
        repeat = await patient.claim("a", Claim("ann", "unseen", 1, 0))
        assert repeat.verdict in {Verdict.OPEN, Verdict.CLAIMED}
        assert (await patient.compare("a", repair=False)).is_balanced


async def test_a_killed_gate_lets_everybody_pass_and_an_empty_one_is_loaded(server: Redis) -> None:
    """SK-5; W8."""
    ledger = Ledger(a=a_shape(50))
    async with a_gate(server.url, ledger, slow_seconds=IMPATIENT) as gate:
        await gate.load("a")
        assert [await buy(gate, ledger, "a", claim) for claim in claims(10)] == [Verdict.HELD] * 10
        server.kill()
        assert [await buy(gate, ledger, "a", claim) for claim in claims(20, first=10)] == [Verdict.HELD] * 20
        server.start()
        await eventually_back(gate)
        left = claims(40, first=100)
        bought = await asyncio.gather(*(buy(gate, ledger, "a", claim) for claim in left))
        assert bought.count(Verdict.HELD) + 30 <= 50

        async def fits() -> bool:
            # What was sold and not told is settled when it is old enough.
            found = await gate.compare("a", repair=True)
            return found.is_there and found.held_units == {1: ledger.taken("a")}

        await eventually(fits)


@pytest.mark.parametrize("fault", ["mute", "emptied", "as it was a while ago"])
async def test_what_a_gate_could_not_be_told_it_knows_within_five_seconds(server: Redis, fault: str) -> None:
    """I6, at two processes: of orders made and ended while the gate was away, with no job but the sweep."""
    ledger = Ledger(a=a_shape(100), b=a_shape(100))
    async with (
        a_gate(server.url, ledger, slow_seconds=IMPATIENT) as gate,
        a_gate(server.url, ledger, slow_seconds=IMPATIENT) as other,
        redis.asyncio.from_url(server.url) as client,
    ):
        for name in "ab":
            await gate.load(name)
            await asyncio.gather(*(buy(gate, ledger, name, claim) for claim in claims(30)))
        if fault == "as it was a while ago":
            await client.save()
        server.pause() if fault == "mute" else server.kill()
        for number, one in enumerate([gate, other] * 2):
            sold = claims(15, first=100 + 15 * number)
            bought = [buy(one, ledger, name, claim) for claim in sold for name in "ab"]
            assert set(await asyncio.gather(*bought)) == {Verdict.HELD}
            for name in "ab":
                key = (f"member-{number}", "r-1")
                ledger.end(name, key)
                one.drop(name, [(*key, 0)])
        # Whoever is told nothing any more must still be sure that something is left to tell.
        await asyncio.sleep(0.5)
        server.resume() if fault == "mute" else server.start()
        async with asyncio.timeout(5):
            for name in "ab":
                await eventually(partial(fits, gate, ledger, name))


async def test_a_doubt_outlives_a_database_that_does_not_answer(server: Redis) -> None:
    ledger = Ledger(a=a_shape(100))
    async with a_gate(server.url, ledger) as gate:
        await gate.load("a")
        ledger.commit("a", Claim("ann", "r", 1, 0))
        ledger.is_away = True
        gate.doubt("a")
        await asyncio.sleep(0.5)
        ledger.is_away = False
        async with asyncio.timeout(5):
            await eventually(partial(fits, gate, ledger, "a"))


async def fits(gate: Gate, ledger: Ledger, activity_id: str) -> bool:
    """Whether it is what the orders say. The sweep ends what was claimed unseen; nothing else mends here."""
    with suppress(Unavailable):
        await gate.sweep(activity_id)
        found = await gate.compare(activity_id, repair=False)
        return not found.differences and found.held_units == {1: ledger.taken(activity_id)}
    return False


async def test_a_store_that_answers_again_is_first_asked_by_those_for_whom_nobody_waits(
    server: Redis,
) -> None:
    """A relapse may shut buyers out for seconds after the store is back; the others need not wait."""
    client = short_calls(server.url)
    store = GateStore(client, lambda: 0, slow_seconds=0.01)
    call = Call("a", PEEK, [b"0"])
    server.pause()
    for _ in range(FAILURES):
        await store.run([call])
    assert not store.answers("a")
    server.resume()
    while not store.answers("a"):
        await store.probe()
    with pytest.raises(Away):
        raise (await store.run([call]))[0]  # type: ignore[misc]  # it is one, or the test fails
    assert await store.run_one(call) == [MISSING]
    await store.close()
    await client.aclose()


@pytest.mark.parametrize(
    "fault", ["CONFIG SET maxmemory 1", "REPLICAOF 127.0.0.1 1"], ids=["out of memory", "read-only"]
)
async def test_a_gate_that_cannot_write_does_not_answer(server: Redis, fault: str) -> None:
    """A step that could not be written was not done by halves."""
    ledger = Ledger(a=a_shape(50))
    async with a_gate(server.url, ledger, slow_seconds=IMPATIENT) as gate:
        await gate.load("a")
        await eventually_back(gate)
        tell(server, fault)
        assert {await verdict(gate, f"r{number}") for number in range(30)} == {Verdict.AWAY}
        tell(server, "CONFIG SET maxmemory 0" if "maxmemory" in fault else "REPLICAOF NO ONE")
        if "maxmemory" in fault:
            await eventually_back(gate)
            assert (await gate.compare("a", repair=False)).is_balanced


async def test_a_gate_that_is_loading_its_data_does_not_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            for _ in range(data.count(b"*")):
                writer.write(b"-LOADING Redis is loading the dataset in memory\r\n")
            await writer.drain()
        writer.close()

    loading = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{loading.sockets[0].getsockname()[1]}/0"
    async with a_gate(url, Ledger(a=a_shape(50)), slow_seconds=IMPATIENT) as gate:
        assert {await verdict(gate, f"r{number}") for number in range(10)} == {Verdict.AWAY}
        assert not await gate.load("a")
    loading.close()


@pytest.mark.parametrize("key", gate_keys("a"), ids=lambda key: key.decode().rpartition(":")[2])
@pytest.mark.parametrize("harm", ["deleted", "expired", "of another kind"])
async def test_a_gate_with_a_key_gone_is_missing_and_never_sold_out(
    server: Redis, key: bytes, harm: str
) -> None:
    """Failure row 16. It is loaded anew from the orders, and the sale ends exactly sold."""
    ledger = Ledger(a=a_shape(40))
    async with (
        a_gate(server.url, ledger) as gate,
        a_gate(server.url, ledger) as other,
        redis.asyncio.from_url(server.url) as client,
    ):
        await gate.load("a")
        assert [await buy(gate, ledger, "a", claim) for claim in claims(10)] == [Verdict.HELD] * 10
        await gate.claim("a", Claim("open", "r", 1, 0))
        if harm == "expired":
            await client.pexpire(key, 1)
            await asyncio.sleep(0.01)
        else:
            await client.delete(key)
        if harm == "of another kind":
            await client.rpush(key, "what is this?")
        answers = await asyncio.gather(*(other.claim("a", claim) for claim in claims(20, first=20)))
        assert count_of(answers, Verdict.SOLD_OUT) == 0
        assert count_of(answers, Verdict.MISSING) > 0
        await eventually_back(other)
        verdicts = [await buy(other, ledger, "a", claim) for claim in claims(60, first=100)]
        found = await gate.compare("a", repair=False)
        assert found.is_balanced
        # The claims without orders are swept later; what they do not hold is sold.
        assert ledger.taken("a") == 40 - found.open_units.get(1, 0)
        assert verdicts.count(Verdict.HELD) == ledger.taken("a") - 10


async def test_a_damaged_record_ends_the_gate_and_not_the_sale(server: Redis) -> None:
    """Failure row 13: one bad value must not fail every batch it is in."""
    ledger = Ledger(a=a_shape(40))
    async with a_gate(server.url, ledger) as gate, redis.asyncio.from_url(server.url) as client:
        await gate.load("a")
        await gate.claim("a", Claim("ann", "r", 1, 0))
        await client.hset(OPEN, "ann/r", "?")
        assert await verdict(gate, "r") is Verdict.MISSING
        await eventually_back(gate)
        for junk in ("generation", "tranches", "limit"):
            await client.hset(GATE, junk, "?")
            assert await verdict(gate, f"after {junk}") is Verdict.MISSING
            await eventually_back(gate)


async def test_a_server_that_forgot_its_scripts_is_sent_them_again(server: Redis) -> None:
    names = ["a", "b", "c"]
    ledger = Ledger(**{name: a_shape(40) for name in names})
    async with a_gate(server.url, ledger) as gate, redis.asyncio.from_url(server.url) as client:
        await asyncio.gather(*(gate.load(name) for name in names))
        await client.script_flush()
        answers = await asyncio.gather(*(gate.claim(name, Claim("ann", "r", 1, 0)) for name in names * 2))
        assert count_of(answers, Verdict.CLAIMED) == count_of(answers, Verdict.OPEN) == 3


async def test_a_thousand_cancelled_calls_mix_up_no_answers(server: Redis) -> None:
    """Failure row 24: each caller hears of its own request, and what was cancelled is swept."""
    ledger = Ledger(a=a_shape(5000))
    async with a_gate(server.url, ledger, slow_seconds=IMPATIENT) as gate:
        await gate.load("a")
        await eventually_back(gate)
        server.pause()
        calls = [asyncio.create_task(gate.claim("a", Claim(f"m{n}", "r", n % 7 + 1, 0))) for n in range(2000)]
        await asyncio.sleep(0.01)
        for call in calls[::2]:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        server.resume()
        await eventually_back(gate)
        heard = 0
        for first in range(0, 700, 50):
            wanted = [Claim(f"n{number}", "r", number % 7 + 1, 0) for number in range(first, first + 50)]
            answers = await asyncio.gather(*(gate.claim("a", claim) for claim in wanted))
            for claim, answer in zip(wanted, answers, strict=True):
                assert answer.units == (claim.units if answer.verdict is Verdict.CLAIMED else 0)
            heard += count_of(answers, Verdict.CLAIMED)
        assert heard > 600
        assert (await gate.compare("a", repair=False)).is_balanced


async def test_a_storm_of_short_deadlines_leaves_no_connection_in_doubt(server: Redis) -> None:
    """Failure row 24, with the store well: 3,000 calls, a third of which give up within 3 ms."""
    ledger = Ledger(a=a_shape(10_000))
    async with a_gate(server.url, ledger) as gate:
        await gate.load("a")

        async def call(number: int) -> bool:
            claim = Claim(f"m{number}", f"r{number}", number % 9 + 1, 0)
            try:
                answer = await asyncio.wait_for(
                    gate.claim("a", claim), 0.001 * (number % 3) if number % 3 else None
                )
            except TimeoutError:
                return False
            assert answer.units in (0, claim.units)
            return True

        for wave in range(10):
            heard = await asyncio.gather(*(call(wave * 300 + number) for number in range(300)))
            assert sum(heard) >= 100
        assert (await gate.compare("a", repair=False)).is_balanced


async def test_connections_stay_few_under_a_crowd(server: Redis) -> None:
    """Failure row 25."""
    ledger = Ledger(a=a_shape(10_000))
    client = short_calls(server.url)
    async with a_gate(server.url, ledger) as gate:
        await gate.load("a")
        answers = await asyncio.gather(*(gate.claim("a", claim) for claim in claims(5000)))
        assert count_of(answers, Verdict.CLAIMED) == 5000
        connected = await client.info("clients")
        assert int(connected["connected_clients"]) <= 6
    await client.aclose()
