"""Orders of Identity and of flash sales earn points, and lose them when money is paid back: all by events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from redis.asyncio import Redis as RedisClient
from sqlalchemy import select

from nectary.honey.v1 import (
    conditions_pb2,
    earning_rules_pb2,
    earning_service_pb2_grpc,
    wallet_service_pb2_grpc,
)
from nectary.honey.v1 import earning_service_pb2 as earning
from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import wallet_service_pb2 as wallets
from nectary.seckill.v1 import seckill_pb2 as seckill
from servers.honey.intake import GROUP, STREAMS
from servers.honey.sql import tables
from servers.honey.told_orders import IDENTITY_PAID, SECKILL_PAID
from servers.identity.sql import tables as identity_tables
from servers.seckill.sql import tables as seckill_tables
from servers.store.outbox import Outbox
from tests.servers import Redis
from tests.wire.honey.conftest import Databases
from tests.wire.identity import requests as cards
from tests.wire.identity.cards import CLUB, MONTHLY, PASS
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import LONG_SECONDS, reserved, selling, until
from tests.wire.seckill.conftest import emptied
from tests.wire.seckill.mesh import START, Mesh, serving, with_cards

DATABASE = 11
"""Of the run's Valkey."""
BOTH, CARDS_ONLY, NEITHER = "both", "cards", "neither"
"""Programmes, by whose orders earn in them."""
DAY = timedelta(days=1)

Points = tuple[int, int]
"""Earned, and of that taken back."""


@dataclass(frozen=True)
class Shops:
    """Three services in one process, and their Redis."""

    mesh: Mesh
    wallets: wallet_service_pb2_grpc.WalletServiceStub
    redis: RedisClient

    async def points(self, member: str, programme: str = BOTH) -> Points:
        request = wallets.GetBalanceRequest(programme_id=programme, member_id=member)
        found = (await self.wallets.GetBalance(request)).balance
        return found.earned_points, found.reversed_points

    async def come_to(self, member: str, points: Points) -> None:
        """Returns when a member's points have come to this."""

        async def have_come() -> bool:
            return await self.points(member) == points

        await _until(have_come)

    async def heard_all(self) -> None:
        """Returns when everything that was told has been taken, and nothing put aside."""
        for each in (identity_tables, seckill_tables):
            await _until(partial(self._is_told, Outbox(each.common.outbox)))
        for stream in STREAMS.values():
            await _until(partial(self._is_heard, stream))
        dead = select(tables.common.dead_letter.c.event_id, tables.common.dead_letter.c.error)
        assert await self.mesh.store.read(lambda connection: connection.execute(dead).all()) == []

    async def _is_told(self, outbox: Outbox) -> bool:
        return not await self.mesh.store.read(outbox.unpublished, 1)

    async def _is_heard(self, stream: str) -> bool:
        if not await self.redis.exists(stream):
            return False
        newest = (await self.redis.xinfo_stream(stream))["last-generated-id"]
        groups = {group["name"]: group for group in await self.redis.xinfo_groups(stream)}
        group = groups.get(GROUP.encode())
        return bool(group and group["last-delivered-id"] == newest and not group["pending"])


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LONG_SECONDS):
        while not (await asyncio.gather(holds(), asyncio.sleep(0.02)))[0]:
            pass


def _scene(scene_id: str) -> earning_rules_pb2.Scene:
    """A point for each yuan, and eight for those who held the monthly card when they ordered."""
    gold = conditions_pb2.Condition(holds_any_of=conditions_pb2.HoldsAnyOf(sku_ids=[MONTHLY]))
    proportional = earning_rules_pb2.ProportionalPoints(points=1, per_minor=100, currency="CNY")
    return earning_rules_pb2.Scene(
        scene_id=scene_id,
        mode=earning_rules_pb2.MODE_ALL,
        rules=[
            earning_rules_pb2.EarningRule(
                rule_id="base", version=1, award=earning_rules_pb2.Award(proportional=proportional)
            ),
            earning_rules_pb2.EarningRule(
                rule_id="gold",
                version=1,
                award=earning_rules_pb2.Award(fixed_points=8),
                conditions=[gold],
                quoted_at=earning_rules_pb2.QUOTED_AT_ORDER,
            ),
        ],
    )


def _programme(programme_id: str, *scenes: str) -> honey.Programme:
    # Rule ids are unique in a programme.
    made = [_scene(scene_id) for scene_id in scenes]
    for scene in made:
        for rule in scene.rules:
            rule.rule_id = f"{rule.rule_id}_{scene.scene_id.partition('.')[0]}"
    return honey.Programme(programme_id=programme_id, scenes=made)


@pytest.fixture(scope="module")
async def open_shops(databases: Databases, valkey: Redis) -> AsyncIterator[Shops]:
    redis_url = f"{valkey.url.rpartition('/')[0]}/{DATABASE}"
    await emptied(redis_url)
    client = RedisClient.from_url(redis_url)
    url = databases("orders_elsewhere")
    served = serving(url, redis_url, slices=("identity", "seckill", "honey"), jobs=True)
    async with client, served as mesh:
        await with_cards(mesh)
        await mesh.at(START - DAY)
        rules = honey.Rules(
            programmes=[
                _programme(BOTH, IDENTITY_PAID, SECKILL_PAID),
                _programme(CARDS_ONLY, IDENTITY_PAID),
                _programme(NEITHER),
            ]
        )
        stub = earning_service_pb2_grpc.EarningServiceStub(mesh.channel)
        await stub.ApplyRules(earning.ApplyRulesRequest(request_id="rules", rules=rules))
        yield Shops(mesh, wallet_service_pb2_grpc.WalletServiceStub(mesh.channel), client)


@pytest.fixture
async def shops(open_shops: Shops) -> Shops:
    """One server an engine for all tests, whose jobs run, its clock at START again."""
    await open_shops.mesh.at(START)
    return open_shops


@pytest.fixture
def ann() -> str:
    """A member that no other test knows."""
    return cards.a_member()


async def _bought(shops: Shops, member: str, sku: str) -> str:
    """A card, ordered now and paid a minute later; its term."""
    stub = shops.mesh.identity
    order = (await stub.CreateOrder(cards.an_order(member, sku))).order
    await shops.mesh.at(START + timedelta(minutes=1))
    return (await stub.ConfirmPayment(cards.a_payment(order))).term.term_id


async def test_a_card_that_is_bought_earns_in_each_programme_that_says_so(shops: Shops, ann: str) -> None:
    """29 yuan; half of what is left of a month comes back, and of its points."""
    term = await _bought(shops, ann, MONTHLY)
    await shops.come_to(ann, (29, 0))
    await shops.heard_all()
    assert await shops.points(ann, CARDS_ONLY) == (29, 0)
    assert await shops.points(ann, NEITHER) == (0, 0)
    refund = cards.a_refund(ann, term, share_ppm=500_000)
    [half] = (await shops.mesh.identity.TerminateTerm(refund)).effect.terminations
    assert 1_400 < half.refund.amount_minor < 1_500
    await shops.come_to(ann, (29, 29 - (2_900 - half.refund.amount_minor) // 100))
    [rest] = (await shops.mesh.identity.TerminateTerm(cards.a_refund(ann, term))).effect.terminations
    kept = 2_900 - half.refund.amount_minor - rest.refund.amount_minor
    await shops.come_to(ann, (29, 29 - kept // 100))
    await shops.heard_all()
    assert await shops.points(ann, CARDS_ONLY) == await shops.points(ann)


async def test_what_a_member_held_when_the_order_was_made_is_known(shops: Shops, ann: str) -> None:
    """The card itself was not held when it was ordered; the next order is a holder's."""
    await _bought(shops, ann, MONTHLY)
    await shops.come_to(ann, (29, 0))
    order = (await shops.mesh.identity.CreateOrder(cards.an_order(ann, PASS))).order
    await shops.mesh.identity.ConfirmPayment(cards.a_payment(order))
    await shops.come_to(ann, (29 + 7 + 8, 0))


async def test_a_flash_sale_earns_and_a_card_of_it_that_is_paid_back_does_not(shops: Shops, ann: str) -> None:
    """Two units of 9.90 yuan are 19 points; without the first there are 9."""
    sale = await selling(shops.mesh, item=seckill.Item(sku_id=PASS), member_limit=2)
    order_id = (await reserved(shops.mesh, sale, ann, quantity=2)).order_id
    await shops.mesh.seckill.ConfirmPayment(r.a_payment(order_id, 1_980))
    await until(shops.mesh, order_id, "DELIVERED")
    await shops.come_to(ann, (19, 0))
    await shops.mesh.identity.TerminateTerm(cards.a_refund(ann, f"{order_id}:1"))
    await shops.come_to(ann, (19, 10))
    await shops.heard_all()
    assert await shops.points(ann, CARDS_ONLY) == (0, 0)


async def test_a_flash_sale_that_cannot_be_delivered_leaves_no_points(shops: Shops, ann: str) -> None:
    """Nor does a payment that found its order expired and sold out."""
    await shops.mesh.identity.GrantTerm(cards.a_grant(ann, CLUB))
    sale = await selling(shops.mesh, item=seckill.Item(sku_id=CLUB), stock=1)
    order_id = (await reserved(shops.mesh, sale, ann)).order_id
    await shops.mesh.seckill.ConfirmPayment(r.a_payment(order_id))
    await until(shops.mesh, order_id, "REFUNDED")
    await shops.come_to(ann, (9, 9))
    bob = cards.a_member()
    late = (await reserved(shops.mesh, await selling(shops.mesh), bob)).order_id
    await shops.mesh.at(START + timedelta(hours=2))
    await shops.mesh.seckill.ConfirmPayment(r.a_payment(late))
    await shops.heard_all()
    assert await shops.points(bob) == (0, 0)


async def test_what_is_told_again_has_no_second_effect(shops: Shops, ann: str) -> None:
    """As by a relay that died between publishing and marking, and by a Redis that was lost."""
    term = await _bought(shops, ann, MONTHLY)
    await shops.mesh.identity.TerminateTerm(cards.a_refund(ann, term, share_ppm=500_000))
    sale = await selling(shops.mesh, item=seckill.Item(sku_id=PASS))
    order_id = (await reserved(shops.mesh, sale, ann)).order_id
    await shops.mesh.seckill.ConfirmPayment(r.a_payment(order_id))
    await until(shops.mesh, order_id, "DELIVERED")
    await shops.heard_all()
    once = await shops.points(ann)
    assert once > (29, 0)
    for each in (identity_tables, seckill_tables):
        await shops.mesh.store.transact(Outbox(each.common.outbox).requeue, 0, 1_000)
    await shops.heard_all()
    for stream in STREAMS.values():
        await shops.redis.xgroup_setid(stream, GROUP, "0")
    await shops.heard_all()
    assert await shops.points(ann) == once
