"""What goes wrong in a group or around it, and who must not notice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from domain.seckill.activity import Activity
from domain.seckill.operating import Update
from domain.seckill.orders import Order
from domain.shared.errors import DomainError, Raced, Refused
from servers.seckill.sale.commits import MAX_GROUP, Commits
from servers.seckill.sale.operators import Operators
from servers.store.asked import Asked
from servers.store.config import StoreConfig
from servers.store.idempotency import Key
from servers.store.store import Store
from tests.contract.seckill.activities import a_reserve, an_activity, opened, work_of
from tests.contract.seckill.books import books_of, violations
from tests.contract.seckill.conftest import OpenStore
from tests.contract.seckill.test_life import members, ordered, sound, together
from tests.fakes import FakeClock
from tests.migrated import have_tables
from tests.servers import MariaDB
from tests.toxics import ALWAYS, DropReply, DropRequest, Proxy, toxic_proxy
from tests.wire.mesh.running import until


class NoGate:
    """There is none; operators say that they told it."""

    async def load(self, activity_id: str) -> None: ...

    async def reshape(self, activity_id: str) -> None: ...

    async def compare(self, activity_id: str, *, repair: bool) -> Any: ...


async def test_a_poisoned_row_fails_alone(seckill_store: Store, seckill_url: str, commits: Commits) -> None:
    """I7, rows 12 and 13: a duplicate key in a group of 64; the 63 others have their orders."""
    elsewhere = await opened(seckill_store, 1)
    [taken] = await ordered(commits, elsewhere, "eve")
    activity = await opened(seckill_store, 64)
    reserves = [a_reserve(member) for member in members(64)]
    reserves[17] = replace(reserves[17], order_id=taken.order_id)
    outcomes = await together(commits, activity, *reserves)
    assert isinstance(outcomes.pop(17), IntegrityError)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert sound(seckill_url, activity).held == 63
    [later] = await ordered(commits, activity, reserves[17].member_id)
    assert later.request_id == reserves[17].request_id, "its request id stays usable"


async def test_a_stock_that_is_raised_and_lowered_during_the_sale_is_sold_to_the_last(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """I1, I2, row 30: buyers insist, and the last word of the operator is what is sold."""
    processes = [Commits(open_store(), clock, None, None) for _ in range(2)]
    operators = Operators(open_store(), clock, NoGate())
    activity = await opened(open_store(), 20)
    buyers = [asyncio.create_task(_insist(processes[number % 2], activity, number)) for number in range(90)]
    for number, stock in enumerate([60, 30, 45, 80, 70, 75]):
        # Refused if that many are taken already.
        with suppress(Refused):
            change = Update({"stock": stock})
            await operators.operate(_asked(number), activity.activity_id, change, lambda _: b"")
        await asyncio.sleep(0.05)
    bought = await asyncio.gather(*buyers)
    books = sound(seckill_url, activity)
    assert books.held == books.activity["stock"] >= 75
    assert sum(bought) == books.held


async def _insist(commits: Commits, activity: Activity, number: int) -> bool:
    """Buys until it is sold out for the last time."""
    for pause in [0.01] * 100:
        try:
            await commits(work_of(activity, a_reserve(f"m{number}")))
        except DomainError:
            await asyncio.sleep(pause)
        else:
            return True
    return False


def _asked(number: int) -> Asked:
    return Asked(Key("an operator", f"update-{number}"), "UpdateActivity", bytes(32))


@pytest.fixture
async def proxy(mariadb: MariaDB) -> AsyncIterator[Proxy]:
    async with toxic_proxy(mariadb.port) as proxy:
        yield proxy


@pytest.fixture
async def behind_proxy(mysql_url: str, mariadb: MariaDB, proxy: Proxy) -> AsyncIterator[Store]:
    """A store whose wire to its database can be broken."""
    have_tables(mysql_url)
    store = Store(StoreConfig(mysql_url.replace(str(mariadb.port), str(proxy.port))))
    yield store
    await store.close()


@pytest.mark.parametrize("toxic", [DropReply, DropRequest])
async def test_a_commit_whose_answer_is_lost_is_looked_up_before_anybody_is_answered(
    behind_proxy: Store, mysql_url: str, proxy: Proxy, clock: FakeClock, toxic: type[Any]
) -> None:
    """CP5, I4, I8, rows 10 and 11: 64 buyers hear yes, for the orders that are there, and none twice."""
    commits = Commits(behind_proxy, clock, None, None)
    activity = await opened(behind_proxy, 100)
    proxy.add(toxic(command="COMMIT"))
    orders = await ordered(commits, activity, *members(64))
    assert {order.order_id for order in orders} == _order_ids(mysql_url, activity)
    assert await ordered(commits, activity, *members(64)) == orders
    assert commits.tally.unknown_commits == 1


@pytest.mark.parametrize("toxic", [DropReply, DropRequest])
async def test_an_outcome_that_nobody_can_tell_is_found_by_the_same_requests(
    behind_proxy: Store, mysql_url: str, proxy: Proxy, clock: FakeClock, toxic: type[Any]
) -> None:
    """CP5 again and again: ABORTED, neither yes nor no; the same requests are then answered once."""
    commits = Commits(behind_proxy, clock, None, None)
    activity = await opened(behind_proxy, 10)
    reserves = [a_reserve(member) for member in members(20)]
    proxy.add(toxic(command="COMMIT", times=ALWAYS))
    outcomes = await together(commits, activity, *reserves)
    assert {type(outcome) for outcome in outcomes} == {Raced}
    proxy.clear()
    again = await together(
        commits, activity, *(replace(one, order_id="x" + one.order_id[1:]) for one in reserves)
    )
    sold: list[Order] = [one.done.order for one in again if not isinstance(one, DomainError)]  # type: ignore[attr-defined]  # Decided
    assert {order.order_id for order in sold} == _order_ids(mysql_url, activity)
    assert len(sold) == 10


def _order_ids(url: str, activity: Activity) -> set[str]:
    books = books_of(url, activity.activity_id)
    assert list(violations(books)) == []
    return {row["order_id"] for row in books.orders}


@contextmanager
def counted() -> Iterator[list[str]]:
    """Statements of all engines, without those that begin and end transactions."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_a_full_group_takes_at_most_ten_statements(seckill_store: Store, commits: Commits) -> None:
    """SK-7: 256 units in one transaction, a twenty-fifth of a statement each; 256 refusals in half of it."""
    activity = await opened(seckill_store, MAX_GROUP)
    with counted() as statements:
        await ordered(commits, activity, *members(MAX_GROUP))
    assert len(statements) <= 10, statements
    with counted() as refusing:
        await together(commits, activity, *(a_reserve(member) for member in members(MAX_GROUP, "late")))
    assert len(refusing) <= 5, refusing


async def test_an_activity_whose_row_is_locked_keeps_no_other_waiting(
    mysql_url: str, mariadb: MariaDB, clock: FakeClock
) -> None:
    """I7, row 28."""
    have_tables(mysql_url)
    store = Store(StoreConfig(mysql_url))
    commits = Commits(store, clock, None, None)
    locked, free = await opened(store, 10), await opened(store, 10)
    with mariadb.connect(mysql_url.rsplit("/", 1)[1]) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "SELECT 1 FROM seckill_activity WHERE activity_id = %s FOR UPDATE", [locked.activity_id]
        )
        waiting = asyncio.create_task(ordered(commits, locked, "ann"))
        async with asyncio.timeout(2):
            assert len(await ordered(commits, free, *members(5))) == 5
        assert not waiting.done()
        other.rollback()
    assert len(await waiting) == 1
    await store.close()


async def test_a_group_that_another_was_faster_than_goes_again_and_is_counted(
    mysql_url: str, mariadb: MariaDB, clock: FakeClock
) -> None:
    """I7, row 7: the race is lost between reading and writing, once, for the row is held from then on."""
    have_tables(mysql_url)
    store = Store(StoreConfig(mysql_url))
    commits = Commits(store, clock, None, None)
    activity = await opened(store, 10)
    with mariadb.connect(mysql_url.rsplit("/", 1)[1]) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE seckill_activity SET version = version + 1")
        with counted() as statements:
            ordering = asyncio.create_task(ordered(commits, activity, *members(5)))
            await until(lambda: any(one.startswith("UPDATE seckill_activity") for one in statements))
        other.commit()
    assert len(await ordering) == 5
    assert (commits.tally.lost_races, commits.tally.unknown_commits) == (1, 0)
    await store.close()


async def test_an_activity_that_is_not_there_is_not_found_by_each(commits: Commits) -> None:
    outcomes = await together(commits, an_activity(), *(a_reserve(member) for member in members(3)))
    assert [getattr(outcome, "reason", "") for outcome in outcomes] == ["ACTIVITY_NOT_FOUND"] * 3
