"""A paid order becomes a card once, or goes back once, whatever comes twice (SK-4, I8; row 32)."""

from dataclasses import dataclass

import orjson
import pytest
from redis.asyncio import Redis as RedisClient
from sqlalchemy import Connection, select

from domain.identity.commands.catalog import ApplyCatalog, apply_catalog
from domain.seckill.activity import Activity, SkuItem
from domain.shared.money import Money
from servers.identity.flash_sales import flash_sale_intake
from servers.identity.sql.tables import common as identity_tables
from servers.identity.sql.tables import term
from servers.identity.sql.unit import Memory, Unit
from servers.identity.wire.catalogs import draft_of
from servers.mesh.clock import Clock
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.deliveries import GROUP, delivery_intake
from servers.seckill.sale.deliveries import STREAM as IDENTITY_STREAM
from servers.seckill.sale.telling import STREAM as SECKILL_STREAM
from servers.seckill.sql.tables import common as seckill_tables
from servers.store.config import StoreConfig
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.engine import blocking_engine
from servers.store.event import Event
from servers.store.leases import Lease, acquire
from servers.store.outbox import Outbox
from servers.store.relay import Relay
from servers.store.store import Store
from tests.contract.identity.commands import done
from tests.contract.seckill.activities import PRICE, a_payment, a_reserve, opened, work_of
from tests.contract.seckill.books import Books, books_of, violations
from tests.fakes import EPOCH
from tests.wire.identity.cards import CLUB, MONTHLY, a_catalog


@dataclass(frozen=True)
class Mesh:
    """Both services on one database, joined by one Redis."""

    store: Store
    url: str
    commits: Commits
    lease: Lease
    relays: tuple[Relay, Relay]
    consumers: tuple[Consumer, Consumer]

    async def settle(self) -> None:
        """Everything told is heard, there and back."""
        for relay, consumer in zip(self.relays, self.consumers, strict=True):
            while await relay.publish_once(self.lease):
                pass
            await consumer.consume_pending(self.lease)
            while await consumer.consume_new(self.lease):
                pass

    async def tell_again(self) -> None:
        """As a relay that died between publishing and marking would."""
        for tables in (seckill_tables, identity_tables):
            await self.store.transact(Outbox(tables.outbox).requeue, 0, 1_000)
        await self.settle()

    async def bought(self, activity: Activity, member: str, amount: int = PRICE.amount) -> None:
        """Reserved and paid for."""
        decided = await self.commits(work_of(activity, a_reserve(member)))
        assert decided.done is not None
        money = Money("CNY", amount)
        await self.commits(work_of(activity, a_payment(decided.done.order.order_id, amount=money)))

    def books(self, activity: Activity) -> Books:
        books = books_of(self.url, activity.activity_id)
        assert list(violations(books)) == []
        return books


@pytest.fixture
async def mesh(
    seckill_store: Store, seckill_url: str, commits: Commits, redis_client: RedisClient, clock: Clock
) -> Mesh:
    memory = Memory()

    def with_catalogue(connection: Connection) -> None:
        unit = Unit(connection, memory)
        done(unit, apply_catalog, ApplyCatalog(draft_of(a_catalog()), 0))
        unit.flush()

    await seckill_store.transact(with_catalogue)
    now = clock.now()
    lease = await seckill_store.transact(
        acquire, seckill_tables.lease, "test", "me", now=now, until=now + 10**12
    )
    assert lease is not None
    relays = (
        Relay(seckill_store, Outbox(seckill_tables.outbox), redis_client, SECKILL_STREAM, clock),
        Relay(seckill_store, Outbox(identity_tables.outbox), redis_client, IDENTITY_STREAM, clock),
    )
    consumers = (
        flash_sale_intake(seckill_store, memory, redis_client, clock, clock, block_ms=1),
        delivery_intake(seckill_store, commits, redis_client, clock, block_ms=1),
    )
    return Mesh(seckill_store, seckill_url, commits, lease, relays, consumers)


def _terms(mesh: Mesh) -> list[tuple[str, str]]:
    """Members and SKUs of all placed terms."""
    engine = blocking_engine(StoreConfig(mesh.url, pool_size=1))
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(select(term.c.member_id, term.c.sku_id))]
    engine.dispose()
    return sorted(found)


async def test_a_paid_order_gives_its_card_once_however_often_it_is_told(mesh: Mesh) -> None:
    """I8, row 32: each outbox is replayed whole, twice."""
    activity = await opened(mesh.store, 3, item=SkuItem(MONTHLY), price=PRICE)
    for member in ("ann", "bob"):
        await mesh.bought(activity, member)
    await mesh.settle()
    await mesh.tell_again()
    await mesh.tell_again()
    assert _terms(mesh) == [("ann", MONTHLY), ("bob", MONTHLY)]
    assert mesh.books(activity).states == {"DELIVERED": 2}


async def test_an_order_of_several_units_gives_as_many_terms(mesh: Mesh) -> None:
    activity = await opened(mesh.store, 5, item=SkuItem(MONTHLY), price=PRICE, member_limit=3)
    decided = await mesh.commits(work_of(activity, a_reserve("ann", quantity=3)))
    assert decided.done is not None
    whole = Money("CNY", 3 * PRICE.amount)
    await mesh.commits(work_of(activity, a_payment(decided.done.order.order_id, amount=whole)))
    await mesh.settle()
    assert _terms(mesh) == [("ann", MONTHLY)] * 3
    assert mesh.books(activity).states == {"DELIVERED": 1}


async def test_a_card_that_identity_refuses_is_paid_back_once_and_sold_again(mesh: Mesh) -> None:
    """SK-4: all or nothing, and the unit can be bought again."""
    activity = await opened(mesh.store, 1, item=SkuItem("no_such_card"), price=PRICE)
    await mesh.bought(activity, "ann")
    await mesh.settle()
    await mesh.tell_again()
    books = mesh.books(activity)
    assert books.states == {"REFUNDED": 1}
    assert books.activity["taken"] == 0
    assert books.told("RefundDue") == 1
    assert _terms(mesh) == []
    await mesh.commits(work_of(activity, a_reserve("bob")))
    assert mesh.books(activity).held == 1


async def test_some_of_several_terms_are_none(mesh: Mesh) -> None:
    """The second unit of a card that is not sold to its holders: nothing is left of the first."""
    activity = await opened(mesh.store, 2, item=SkuItem(CLUB), price=PRICE, member_limit=2)
    decided = await mesh.commits(work_of(activity, a_reserve("ann", quantity=2)))
    assert decided.done is not None
    whole = Money("CNY", 2 * PRICE.amount)
    await mesh.commits(work_of(activity, a_payment(decided.done.order.order_id, amount=whole)))
    await mesh.settle()
    assert _terms(mesh) == []
    assert mesh.books(activity).states == {"REFUNDED": 1}


async def test_an_answer_about_an_order_that_is_not_there_is_put_aside(mesh: Mesh) -> None:
    """Row 13: it is not taken again and again, and the next one is."""
    activity = await opened(mesh.store, 1, item=SkuItem(MONTHLY), price=PRICE)
    await mesh.bought(activity, "ann")
    stray = an_answer(activity, "no-such-order")
    await mesh.store.transact(Outbox(identity_tables.outbox).append, [stray])
    await mesh.settle()
    assert mesh.books(activity).states == {"DELIVERED": 1}
    waiting = DeadLetters(seckill_tables.dead_letter, GROUP).waiting
    assert [letter.event for letter in await mesh.store.read(waiting, 0, 10)] == [stray]


def an_answer(activity: Activity, order_id: str) -> Event:
    payload = {"order_id": order_id, "activity_id": activity.activity_id, "reason": ""}
    return Event(
        event_id=f"sk:{order_id}",
        type="SeckillOrderDelivered",
        version=1,
        subject=order_id,
        seq=1,
        effective_time=EPOCH,
        recorded_time=EPOCH,
        causation_id="a test",
        correlation_id=order_id,
        actor="a test",
        payload=orjson.dumps(payload),
    )
