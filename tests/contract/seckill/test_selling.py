"""A reservation's whole way through gate and commit, in several processes, with a Redis that fails."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import grpc
import pytest
from redis.asyncio import Redis as RedisClient

from clients import NectaryError
from domain.seckill.activity import Tranche
from domain.seckill.commands import Cancel
from domain.seckill.gate import ALL_TRANCHES, Claim, Verdict
from domain.seckill.operating import Update
from domain.seckill.orders import Order
from domain.shared.errors import DomainError
from domain.shared.instants import HOUR
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.seckill.sale.operators import Operators
from servers.store.asked import Asked
from servers.store.idempotency import Key
from tests.conftest import started
from tests.contract.seckill.activities import work_of
from tests.contract.seckill.processes import CLOCK, EACH_WITH_ONE, Process, opened_now, processes
from tests.contract.seckill.test_life import members, sound
from tests.contract.seckill.test_trouble import NoGate, counted
from tests.migrated import have_tables
from tests.servers import MariaDB, Redis, free_port

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def pair(
    seckill_url: str, redis_server: Redis, redis_client: RedisClient
) -> AsyncIterator[list[Process]]:
    """Two processes on one database and one empty Redis."""
    async with processes(seckill_url, redis_server.url, 2) as both:
        yield both


def reasons(refusals: Sequence[DomainError]) -> set[str]:
    return {refusal.reason for refusal in refusals}


async def test_a_crowd_before_two_processes_buys_exactly_the_stock(
    pair: list[Process], seckill_url: str
) -> None:
    """I1, I2, I6: and the gate is empty, to the unit."""
    activity = await opened_now(pair[0], 100)
    crowds = await asyncio.gather(
        pair[0].crowd(activity, members(150, "a")), pair[1].crowd(activity, members(150, "b"))
    )
    assert sound(seckill_url, activity).held == sum(len(orders) for orders, _ in crowds) == 100
    assert reasons([*crowds[0][1], *crowds[1][1]]) == {"SOLD_OUT"}
    found = await pair[0].balanced(activity)
    assert sum(found.left) == 0


async def test_a_gate_that_promises_too_much_is_corrected_by_the_commit(
    pair: list[Process], seckill_url: str
) -> None:
    """I1, row 3: the stock was lowered past the gate. The database refuses, and no claim outlives that."""
    activity = await opened_now(pair[0], 20)
    lower = Update({"stock": 12})
    operators = Operators(pair[0].store, CLOCK, NoGate())
    asked = Asked(Key("an operator", activity.activity_id), "UpdateActivity", bytes(32))
    await operators.operate(asked, activity.activity_id, lower, lambda _: b"")
    orders, refusals = await pair[0].crowd(activity, members(20))
    assert (len(orders), reasons(refusals)) == (12, {"SOLD_OUT"})
    # Sooner than any sweep: the commit itself told of what it sold and of what it refused.
    async with asyncio.timeout(1.5):
        while True:
            found = await pair[0].gate.compare(activity.activity_id, repair=False)
            if found.is_still and not found.open_units:
                break
            await asyncio.sleep(0.02)
    assert found.held_units == {1: 12}
    sound(seckill_url, activity)


async def test_a_refusal_after_the_last_sale_asks_no_database(pair: list[Process], seckill_url: str) -> None:
    """SK-7: 0 statements for 500 refusals."""
    activity = await opened_now(pair[0], 10)
    await pair[0].crowd(activity, members(20))
    await pair[0].balanced(activity)
    await asyncio.sleep(0.2)
    with counted() as statements:
        _, refusals = await pair[0].crowd(activity, members(500, "late"))
    assert len(refusals) == 500
    asked = [one for one in statements if "seckill_order" in one or "UPDATE" in one]
    # The sweep looks for live activities each second, and finds nothing to do.
    assert asked == []


async def test_units_that_come_back_are_sold_by_every_process(pair: list[Process], seckill_url: str) -> None:
    """Row 17, I2: sold out and seen to be by both; 10 cancelled by one; 10 bought from the other."""
    activity = await opened_now(pair[0], 30)
    orders, _ = await pair[0].crowd(activity, members(40))
    await pair[1].crowd(activity, members(20, "also"))
    for order in orders[:10]:
        await pair[0].commits(work_of(activity, Cancel(order.order_id)))
    late = await asyncio.gather(*(pair[1].insist(activity, member, 5) for member in members(10, "late")))
    assert all(late)
    assert sound(seckill_url, activity).held == 30


@EACH_WITH_ONE
async def test_redis_that_is_emptied_mid_sale_costs_no_unit_and_makes_none(
    pair: list[Process], seckill_url: str, redis_client: RedisClient
) -> None:
    """SK-5, rows 15 and 16: again and again; everybody insists, and all is sold."""
    activity = await opened_now(pair[0], 120)
    buying = [
        asyncio.create_task(pair[number % 2].insist(activity, member, 8))
        for number, member in enumerate(members(160))
    ]
    for _ in range(8):
        await asyncio.sleep(0.02)
        await redis_client.flushall()
    bought = await asyncio.gather(*buying)
    assert sum(order is not None for order in bought) == 120
    assert sound(seckill_url, activity).held == 120
    await pair[0].gate.compare(activity.activity_id, repair=True)
    await pair[0].balanced(activity)


@EACH_WITH_ONE
async def test_keys_that_vanish_one_by_one_are_noticed(
    pair: list[Process], seckill_url: str, redis_client: RedisClient
) -> None:
    """Row 16: a key that is evicted is a gate that is missing, neither sold out nor unlimited."""
    activity = await opened_now(pair[0], 60)
    await pair[0].crowd(activity, members(30))
    keys = await redis_client.keys(f"*{activity.activity_id}*")
    for key in keys:
        await redis_client.delete(key)
        await pair[1].crowd(activity, members(3, f"after-{keys.index(key)}-"))
    last = await asyncio.gather(*(pair[0].insist(activity, member, 8) for member in members(30, "last")))
    assert sound(seckill_url, activity).held == 60
    assert any(last)


@EACH_WITH_ONE
async def test_callers_who_leave_at_any_moment_leave_no_claim_behind(
    pair: list[Process], seckill_url: str
) -> None:
    """I6, CP2, CP3, CP7, row 24: who left may have an order; what he claimed and did not get comes back."""
    activity = await opened_now(pair[0], 100)
    leaving = [asyncio.create_task(pair[0].reserve(activity, member)) for member in members(90)]
    for number, task in enumerate(leaving):
        asyncio.get_running_loop().call_later(number * 0.0005, task.cancel)
    await asyncio.gather(*leaving, return_exceptions=True)
    await pair[0].commits.drain()
    found = await pair[1].balanced(activity, 5)
    held = sound(seckill_url, activity).held
    assert sum(found.left) == 100 - held
    stayed = await asyncio.gather(*(pair[1].insist(activity, m, 8) for m in members(100 - held, "stay")))
    assert all(stayed)


async def test_a_claim_that_nobody_commits_is_pending_and_then_nothing(
    pair: list[Process], seckill_url: str
) -> None:
    """GetResult, and I6: resolved within five seconds of the process's end."""
    activity = await opened_now(pair[0], 1)
    answer = await pair[0].gate.claim(activity.activity_id, Claim("ann", "r-ann", 1, ALL_TRANCHES))
    assert answer.verdict is Verdict.CLAIMED
    assert (await pair[1].sales.result(activity.activity_id, "ann", "r-ann")).is_pending
    order = await pair[1].insist(activity, "bob", 5)
    assert order is not None
    assert await pair[1].sales.result(activity.activity_id, "ann", "r-ann") == (None, False)
    assert await pair[0].sales.result(activity.activity_id, "bob", "r-bob") == (order, False)


async def test_what_waits_for_its_commit_is_pending_also_while_there_is_no_gate(
    mysql_url: str, mariadb: MariaDB
) -> None:
    """GetResult, I4: in the group that commits and in the queue behind it; its caller may have left."""
    have_tables(mysql_url)
    async with processes(mysql_url, f"redis://127.0.0.1:{free_port()}/0") as [process]:
        activity = await opened_now(process, 2)
        name = activity.activity_id
        with mariadb.connect(mysql_url.rsplit("/", 1)[1]) as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM seckill_activity WHERE activity_id = %s FOR UPDATE", [name])
            first = asyncio.create_task(process.reserve(activity, "ann"))
            await asyncio.sleep(0.3)
            later = [asyncio.create_task(process.reserve(activity, member)) for member in ("bob", "cid")]
            await asyncio.sleep(0.1)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            for member in ("ann", "bob", "cid"):
                assert await process.sales.result(name, member, f"r-{member}") == (None, True)
            assert await process.sales.result(name, "dan", "r-dan") == (None, False)
            other.rollback()
        order, refusal = await asyncio.gather(*later, return_exceptions=True)
        assert isinstance(order, Order)
        assert isinstance(refusal, DomainError)
        assert await process.sales.result(name, "bob", "r-bob") == (order, False)
        assert (await process.sales.result(name, "ann", "r-ann")).order is not None
        assert await process.sales.result(name, "cid", "r-cid") == (None, False)


async def test_a_sale_without_redis_goes_on(seckill_url: str) -> None:
    """SK-5: the commit alone."""
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with processes(seckill_url, nowhere, 2) as pair:
        activity = await opened_now(pair[0], 50)
        crowds = await asyncio.gather(
            pair[0].crowd(activity, members(50, "a")), pair[1].crowd(activity, members(50, "b"))
        )
        assert sound(seckill_url, activity).held == sum(len(orders) for orders, _ in crowds) == 50


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    yield from started(Redis.valkey)


async def test_redis_that_dies_mid_sale_and_comes_back_is_noticed_and_right_again(
    seckill_url: str, own_redis: Redis
) -> None:
    """SK-5, row 15: killed, silent for a while, and empty when it is back."""
    async with processes(seckill_url, own_redis.url, 2) as pair:
        activity = await opened_now(pair[0], 200)
        first, _ = await pair[0].crowd(activity, members(50, "before"))
        own_redis.kill()
        during, _ = await pair[1].crowd(activity, members(50, "during"))
        own_redis.start()
        after = await asyncio.gather(*(pair[0].insist(activity, m, 10) for m in members(100, "after")))
        assert (len(first), len(during), len([one for one in after if one])) == (50, 50, 100)
        assert sound(seckill_url, activity).held == 200
        # Whoever comes first after the return brings the gate back.
        await pair[0].insist(activity, "one more", 1)
        await pair[0].gate.compare(activity.activity_id, repair=True)
        await pair[0].balanced(activity)


class Holders:
    """Identity: some members hold a card; or it does not answer."""

    def __init__(self, *holders: str) -> None:
        self.holders = holders
        self.is_away = False
        self.calls = 0

    async def batch_check_identities(
        self, member_ids: Sequence[str], *, sku_ids: Sequence[str] = ()
    ) -> Sequence[pb.MemberIdentities]:
        self.calls += 1
        if self.is_away:
            raise NectaryError(grpc.StatusCode.UNAVAILABLE, "away")
        held = [pb.HeldSku(sku_id="gold_monthly")]
        return [
            pb.MemberIdentities(member_id=one, held=held if one in self.holders else []) for one in member_ids
        ]


async def test_holders_come_first_and_the_rest_is_everybodys(
    seckill_url: str, redis_server: Redis, redis_client: RedisClient
) -> None:
    """SK-1 by tranche: each takes from the first that is open to him."""
    identity = Holders(*members(30, "gold"))
    async with processes(seckill_url, redis_server.url, 2, identity) as pair:
        parts = (Tranche(1, 20, ("gold_monthly",)), Tranche(2, 10))
        activity = await opened_now(pair[0], 30, tranches=parts)
        plain, refused = await pair[0].crowd(activity, members(30, "plain"))
        assert ({order.tranche for order in plain}, len(plain)) == ({2}, 10)
        assert reasons(refused) == {"SOLD_OUT"}
        gold, refused = await pair[1].crowd(activity, members(30, "gold"))
        assert ({order.tranche for order in gold}, len(gold)) == ({1}, 20)
        assert reasons(refused) == {"SOLD_OUT"}
        assert identity.calls <= 4, "a crowd asks Identity together"
        sound(seckill_url, activity)


async def test_without_identity_only_those_wait_for_whom_it_matters(
    seckill_url: str, redis_server: Redis, redis_client: RedisClient
) -> None:
    identity = Holders("ann")
    identity.is_away = True
    async with processes(seckill_url, redis_server.url, 1, identity) as [process]:
        parts = (Tranche(1, 5, ("gold_monthly",), CLOCK.now() + HOUR // 2), Tranche(2, 1))
        activity = await opened_now(process, 6, tranches=parts)
        assert (await process.reserve(activity, "bob")).tranche == 2
        with pytest.raises(DomainError) as unknown:
            await process.reserve(activity, "ann")
        assert unknown.value.reason == "ELIGIBILITY_UNKNOWN"
        identity.is_away = False
        assert (await process.reserve(activity, "ann")).tranche == 1
