"""One effect and one answer for each request id (F-30, F-31, G5)."""

import asyncio

import pytest
from sqlalchemy import Connection

from domain.shared.errors import Invalid, Raced, Refused
from domain.shared.instants import DAY
from servers.store.idempotency import RETENTION, Answer, Idempotency, Key, body_hash
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.contract import ledger
from tests.fakes import EPOCH

METHOD = "nectary.test.v1.TestService/Add"
BODY = body_hash(METHOD, b"body")
KEY = Key("svc/orders", "request-1")


@pytest.fixture
def answers(tables: ServiceTables) -> Idempotency:
    return Idempotency(tables.idempotency)


def an_answer(key: Key = KEY, response: bytes = b"\x08\x01", **other: object) -> Answer:
    return Answer(key, METHOD, BODY, response, EPOCH, **other)  # type: ignore[arg-type]  # a builder


async def test_an_answer_comes_back_as_it_was_stored(store: Store, answers: Idempotency) -> None:
    await store.transact(answers.store, [an_answer()])

    stored = (await store.read(answers.lookup, [KEY]))[KEY]

    assert stored.replay(KEY, BODY) == b"\x08\x01"
    assert (stored.method, stored.recorded_time) == (METHOD, EPOCH)


async def test_a_refusal_comes_back_as_an_error(store: Store, answers: Idempotency) -> None:
    refusal = Refused("TRIAL_USED", "used before", trial_family="gold")
    await store.transact(answers.store, [an_answer(response=b"", refusal=refusal)])

    stored = (await store.read(answers.lookup, [KEY]))[KEY]
    with pytest.raises(Refused) as raised:
        stored.replay(KEY, BODY)

    assert (raised.value.reason, raised.value.metadata) == ("TRIAL_USED", {"trial_family": "gold"})


async def test_another_body_under_the_same_id_is_invalid(store: Store, answers: Idempotency) -> None:
    """F-31."""
    await store.transact(answers.store, [an_answer()])

    stored = (await store.read(answers.lookup, [KEY]))[KEY]
    with pytest.raises(Invalid) as raised:
        stored.replay(KEY, body_hash(METHOD, b"another body"))

    assert raised.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert raised.value.metadata == {"request_id": "request-1"}


async def test_another_method_is_another_body(answers: Idempotency) -> None:
    assert body_hash("a", b"bc") != body_hash("ab", b"c")


async def test_one_look_finds_many_and_each_caller_only_its_own(store: Store, answers: Idempotency) -> None:
    keys = [Key(f"svc/{number % 3}", f"request-{number}") for number in range(100)]
    await store.transact(answers.store, [an_answer(key, str(key).encode()) for key in keys])

    found = await store.read(answers.lookup, [*keys, Key("svc/0", "request-1"), Key("SVC/0", "request-0")])

    assert {key: stored.response for key, stored in found.items()} == {key: str(key).encode() for key in keys}


async def test_nothing_is_looked_up_or_stored_for_nobody(store: Store, answers: Idempotency) -> None:
    assert await store.read(answers.lookup, []) == {}
    await store.transact(answers.store, [])


async def test_a_second_answer_to_the_same_id_is_raced(store: Store, answers: Idempotency) -> None:
    await store.transact(answers.store, [an_answer()])

    with pytest.raises(Raced) as raised:
        await store.transact(answers.store, [an_answer(Key("svc/orders", "request-2")), an_answer()])

    assert raised.value.reason == "REQUEST_IN_PROGRESS"
    assert len(await store.read(answers.lookup, [KEY, Key("svc/orders", "request-2")])) == 1


async def test_a_crowd_with_one_request_id_has_one_effect_and_one_answer(
    store: Store, answers: Idempotency
) -> None:
    """F-30."""
    await store.transact(ledger.create)

    def once(connection: Connection, number: int) -> bytes:
        stored = answers.lookup(connection, [KEY]).get(KEY)
        if stored is not None:
            return stored.replay(KEY, BODY)
        ledger.add(connection, number % 8)
        answers.store(connection, [an_answer(response=str(number).encode())])
        return str(number).encode()

    given = await asyncio.gather(*(store.transact(once, number) for number in range(64)))

    assert len(set(given)) == 1
    assert await store.read(ledger.total) == 1


async def test_an_answer_is_forgotten_after_its_time_and_not_before(
    store: Store, answers: Idempotency
) -> None:
    await store.transact(answers.store, [an_answer(Key("svc", str(number))) for number in range(5)])

    assert RETENTION == 30 * DAY
    assert await store.transact(answers.purge, EPOCH + RETENTION - 1, 100) == 0
    assert await store.transact(answers.purge, EPOCH + RETENTION, 3) == 3
    assert await store.transact(answers.purge, EPOCH + RETENTION, 3) == 2
    assert await store.transact(answers.purge, EPOCH + RETENTION, 3) == 0
