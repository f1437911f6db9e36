"""COMMIT on a wire that breaks, and races on the rows of one purchase, seen by who called (F-12 to F-14)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from clients import Raced
from tests.faults.books import violations
from tests.faults.crowd import Memory
from tests.faults.ground import Ground
from tests.faults.image import growth
from tests.faults.stories import Call, bought, ordered, paying, send
from tests.servers import MariaDB
from tests.toxics import ALWAYS, DropReply, DropRequest, Proxy, toxic_proxy


@pytest.fixture
async def proxy(mysql_land: Ground, mariadb: MariaDB) -> AsyncIterator[Proxy]:
    """Between the server and its database."""
    async with toxic_proxy(mariadb.port) as proxy:
        mysql_land.overrides["store_url"] = mysql_land.url.replace(str(mariadb.port), str(proxy.port))
        await mysql_land.restart()
        yield proxy
        await mysql_land.close()


async def test_a_commit_whose_answer_is_lost_is_answered_as_if_nothing_had_been(
    mysql_land: Ground, proxy: Proxy
) -> None:
    """F-13: the stored answer tells that it was done, and it is not done again."""
    call = await _payment(mysql_land)
    proxy.add(DropReply(command="COMMIT"))
    answer = await send(mysql_land.channel, call)
    assert answer == await send(mysql_land.channel, call)
    _assert_in_order(mysql_land, call, answer)


async def test_a_commit_that_never_arrived_is_done_all_the_same(mysql_land: Ground, proxy: Proxy) -> None:
    """F-14: to the caller the same as F-13."""
    call = await _payment(mysql_land)
    proxy.add(DropRequest(command="COMMIT"))
    answer = await send(mysql_land.channel, call)
    assert answer == await send(mysql_land.channel, call)
    _assert_in_order(mysql_land, call, answer)


@pytest.mark.parametrize("arrives", [True, False])
async def test_an_outcome_that_cannot_be_learnt_is_aborted_and_found_by_the_same_request(
    mysql_land: Ground, proxy: Proxy, arrives: bool
) -> None:
    """F-13, F-14, again and again: never UNKNOWN, never done twice."""
    call = await _payment(mysql_land)
    before = mysql_land.image()
    proxy.add((DropReply if arrives else DropRequest)(command="COMMIT", times=ALWAYS))
    with pytest.raises(Raced) as raised:
        await send(mysql_land.channel, call)
    assert raised.value.reason == "TRANSACTION_RACED"
    assert raised.value.retry_after_seconds is not None
    proxy.clear()
    assert bool(growth(before, mysql_land.image())) is arrives
    answer = await send(mysql_land.channel, call)
    assert answer == await send(mysql_land.channel, call)
    _assert_in_order(mysql_land, call, answer)


async def test_a_deadlock_costs_the_caller_nothing_but_time(mysql_land: Ground, mariadb: MariaDB) -> None:
    """F-12. Another session, which has done more and so is not the victim, locks the rows crosswise."""
    member_id = mysql_land.new_member()
    await bought(mysql_land.client, member_id, "gold_annual")
    call = paying(await ordered(mysql_land.client, member_id, "gold_annual"))
    deadlocks = _deadlocks(mariadb)
    with contextlib.closing(mariadb.connect(mysql_land.url.rsplit("/", 1)[1])) as other:
        cursor = other.cursor()
        cursor.execute("CREATE TABLE heavy (id INT PRIMARY KEY) SELECT seq AS id FROM seq_1_to_5000")
        cursor.execute("BEGIN")
        cursor.execute("UPDATE heavy SET id = id + 10000")
        cursor.execute("SELECT 1 FROM identity_order WHERE order_id = %s FOR UPDATE", [call.request.order_id])
        answering = asyncio.create_task(send(mysql_land.channel, call))
        await asyncio.sleep(0.3)  # it holds the timeline now, and waits for the order
        await asyncio.to_thread(
            cursor.execute, "SELECT 1 FROM identity_timeline WHERE member_id = %s FOR UPDATE", [member_id]
        )
        other.rollback()
    answer = await answering
    assert _deadlocks(mariadb) == deadlocks + 1
    _assert_in_order(mysql_land, call, answer)


async def _payment(land: Ground) -> Call:
    return paying(await ordered(land.client, land.new_member(), "gold_annual"))


def _assert_in_order(land: Ground, call: Call, answer: bytes) -> None:
    orders = land.image()["identity_order"].values()
    member_id = next(str(row["member_id"]) for row in orders if row["order_id"] == call.request.order_id)
    with land.engine.connect() as connection:
        memory = Memory(member_id, {call.request.request_id: answer})
        assert list(violations(connection, [memory])) == []


def _deadlocks(mariadb: MariaDB) -> int:
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
        row = cursor.fetchone()
    assert row is not None
    return int(row[1])
