"""What a request asks for is done once, and what was refused is undone."""

import asyncio

import pytest
from sqlalchemy import Connection

from domain.shared.errors import Invalid, Raced, Refused
from domain.shared.instants import Instant
from servers.store.idempotency import Key, body_hash
from servers.store.once import Once, Work
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.contract import ledger
from tests.fakes import FakeClock

METHOD = "nectary.test.v1.TestService/Add"
BODY, OTHER = body_hash(METHOD, b"body"), body_hash(METHOD, b"another body")
KEY = Key("svc/orders", "request-1")
ACCOUNT = 0


@pytest.fixture
async def once(store: Store, tables: ServiceTables, clock: FakeClock) -> Once:
    await store.transact(ledger.create)
    return Once(store, tables.idempotency, clock)


def adding(connection: Connection, _: Instant) -> bytes:
    ledger.add(connection, ACCOUNT)
    return str(ledger.amount_of(connection, ACCOUNT)).encode()


def refusing(error: Exception) -> Work:
    def work(connection: Connection, _: Instant) -> bytes:
        ledger.add(connection, ACCOUNT)
        raise error

    return work


async def test_twice_is_once_with_the_first_answer(store: Store, once: Once) -> None:
    assert await once(KEY, METHOD, BODY, adding) == b"1"
    assert await once(KEY, METHOD, BODY, adding) == b"1"
    assert await once(Key("svc/orders", "request-2"), METHOD, BODY, adding) == b"2"
    assert await store.read(ledger.total) == 2


async def test_many_at_once_are_once(store: Store, once: Once) -> None:
    answers = await asyncio.gather(*(once(KEY, METHOD, BODY, adding) for _ in range(20)))
    assert set(answers) == {b"1"}
    assert await store.read(ledger.total) == 1


async def test_another_body_is_refused(store: Store, once: Once) -> None:
    await once(KEY, METHOD, BODY, adding)
    with pytest.raises(Invalid, match="another body"):
        await once(KEY, METHOD, OTHER, adding)
    assert await store.read(ledger.total) == 1


async def test_a_refusal_undoes_what_was_written_and_is_repeated(store: Store, once: Once) -> None:
    with pytest.raises(Refused, match="not now"):
        await once(KEY, METHOD, BODY, refusing(Refused("TRIAL_USED", "not now")))
    assert await store.read(ledger.total) == 0
    with pytest.raises(Refused, match="not now"):
        await once(KEY, METHOD, BODY, adding)
    assert await store.read(ledger.total) == 0


@pytest.mark.parametrize("error", [Raced("STALE_VERSION", "too late"), ValueError("a bug")])
async def test_what_may_pass_leaves_the_request_id_usable(store: Store, once: Once, error: Exception) -> None:
    with pytest.raises(type(error)):
        await once(KEY, METHOD, BODY, refusing(error))
    assert await once(KEY, METHOD, BODY, adding) == b"1"
