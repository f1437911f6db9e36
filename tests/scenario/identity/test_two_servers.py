"""Two server processes on one MariaDB do to each other what a crowd does to one of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from clients import NectaryError
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.migrated import have_tables
from tests.scenario.identity.crowds import all_at_once, assert_one_row_of, persistent
from tests.scenario.identity.whole import assert_whole
from tests.servers import MariaDB, Redis
from tests.wire.identity import requests as r
from tests.wire.identity.cards import CARD, MONTHLY, TRIAL, a_catalog
from tests.wire.identity.golden import PATHS
from tests.wire.identity.mesh import Mesh
from tests.wire.identity.processes import process_serving
from tests.wire.identity.shopping import bought, timeline_of

CROWD = 64

Pair = tuple[Mesh, Mesh]
Call = Callable[[], Awaitable[Any]]


@pytest.fixture(scope="module")
async def pair(
    mariadb: MariaDB, valkey: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """Both with all their jobs, on real time."""
    url = mariadb.create_database("two_servers")
    have_tables(url)
    folder = tmp_path_factory.mktemp("two-servers")
    async with AsyncExitStack() as closing:
        starting = (process_serving(url, valkey.url, folder / f"{name}.log") for name in ("one", "two"))
        one, two = await asyncio.gather(*map(closing.enter_async_context, starting))
        await one.catalog.ApplyCatalog(
            catalogs.ApplyCatalogRequest(request_id=r.new_id(), catalog=a_catalog())
        )
        yield one, two


async def test_purchases_of_one_member_follow_each_other(pair: Pair) -> None:
    """ID-12."""
    member = r.a_member()
    await bought(pair[0], member, MONTHLY)
    servers = cycle(pair)
    ordered = await asyncio.gather(
        *(next(servers).identity.CreateOrder(r.an_order(member, MONTHLY)) for _ in range(CROWD))
    )
    await asyncio.gather(
        *(
            persistent(partial(next(servers).identity.ConfirmPayment, r.a_payment(answer.order)))
            for answer in ordered
        )
    )
    timeline = await timeline_of(pair[0], member)
    assert_one_row_of(timeline, CROWD + 1)
    assert await timeline_of(pair[1], member) == timeline
    assert_whole(pair[0].store_url)


async def test_one_request_id_has_one_effect_and_one_answer(pair: Pair) -> None:
    """F-30."""
    member, servers = r.a_member(), cycle(pair)
    request = r.a_grant(member, MONTHLY)
    answers = await asyncio.gather(
        *(persistent(partial(next(servers).call, PATHS["GrantTerm"], request)) for _ in range(CROWD))
    )
    assert len(set(answers)) == 1
    assert_one_row_of(await timeline_of(pair[0], member), 1)


async def test_one_cause_gives_one_term(pair: Pair) -> None:
    member, cause, servers = r.a_member(), r.a_cause(), cycle(pair)
    grants = [r.a_grant(member, MONTHLY, cause=cause) for _ in range(CROWD)]
    answers = await asyncio.gather(
        *(persistent(partial(next(servers).identity.GrantTerm, one)) for one in grants)
    )
    assert len({answer.term.term_id for answer in answers}) == 1


async def test_a_trial_is_had_once_by_all_who_share_a_fingerprint(pair: Pair) -> None:
    """ID-15."""
    members, phone, servers = [r.a_member() for _ in range(CROWD)], r.new_id(), cycle(pair)
    outcomes = await all_at_once(
        [
            partial(next(servers).identity.GrantTerm, r.a_grant(member, TRIAL, fingerprints=[phone]))
            for member in members
        ]
    )
    refused = [one.reason for one in outcomes if isinstance(one, NectaryError)]
    assert refused == ["TRIAL_USED"] * (CROWD - 1)
    held = [len((await timeline_of(pair[0], member)).terms) for member in members]
    assert sum(held) == 1


async def test_a_card_is_redeemed_once(pair: Pair) -> None:
    closes = datetime.now(UTC) + timedelta(days=1)
    [code] = (await pair[0].catalog.CreateCardBatch(r.a_batch(CARD, closes))).codes
    servers = cycle(pair)
    outcomes = await all_at_once(
        [partial(next(servers).identity.RedeemCard, r.a_redemption(r.a_member(), code)) for _ in range(16)]
    )
    refused = [one.reason for one in outcomes if isinstance(one, NectaryError)]
    assert refused == ["CARD_NOT_FOUND"] * 15


async def _ordered(pair: Pair, count: int) -> list[identity.Order]:
    members = [r.a_member() for _ in range(count)]
    answers = await asyncio.gather(
        *(pair[0].identity.CreateOrder(r.an_order(member, MONTHLY)) for member in members)
    )
    return [answer.order for answer in answers]


async def test_a_refund_that_meets_its_payment_is_made(pair: Pair) -> None:
    """ID-3: whichever is first, the money goes back."""
    orders = await _ordered(pair, 24)
    calls: list[Call] = []
    for order in orders:
        calls.append(partial(pair[0].identity.ConfirmPayment, r.a_payment(order)))
        refund = r.a_refund(order.member_id, order_id=order.order_id)
        calls.append(partial(pair[1].identity.TerminateTerm, refund))
    await asyncio.gather(*(persistent(call) for call in calls))
    for order in orders:
        [term] = (await timeline_of(pair[0], order.member_id)).terms
        assert term.refunded == order.payable
        assert term.state == identity.TERM_STATE_REFUNDED
    assert_whole(pair[0].store_url)


async def test_one_payment_that_both_hear_of_is_one_payment(pair: Pair) -> None:
    """Whoever is second is told what the first was told, and never that the order's terms are stale."""
    orders = await _ordered(pair, 24)
    payments = [r.a_payment(order) for order in orders for _ in pair]
    for first, second in zip(payments[::2], payments[1::2], strict=True):
        second.payment_id = first.payment_id
    servers = cycle(pair)
    answers = await asyncio.gather(
        *(persistent(partial(next(servers).identity.ConfirmPayment, payment)) for payment in payments)
    )
    for one, two in zip(answers[::2], answers[1::2], strict=True):
        assert one == two


async def test_an_order_is_paid_or_cancelled(pair: Pair) -> None:
    orders = await _ordered(pair, 24)
    calls: list[Call] = []
    for order in orders:
        calls.append(partial(pair[0].identity.ConfirmPayment, r.a_payment(order)))
        cancel = pb.CancelOrderRequest(request_id=r.new_id(), order_id=order.order_id)
        calls.append(partial(pair[1].identity.CancelOrder, cancel))
    outcomes = await all_at_once(calls)
    for order, paid, cancelled in zip(orders, outcomes[::2], outcomes[1::2], strict=True):
        assert isinstance(paid, NectaryError) is not isinstance(cancelled, NectaryError)
        found = await pair[0].identity.GetOrder(pb.GetOrderRequest(order_id=order.order_id))
        is_paid = found.order.state == identity.ORDER_STATE_PAID
        assert is_paid is not isinstance(paid, NectaryError)
        assert len((await timeline_of(pair[0], order.member_id)).terms) == is_paid


async def test_many_members_at_once_on_both(pair: Pair) -> None:
    """Groups of both processes share members, so that they lock the same rows in different orders."""
    members, servers = [r.a_member() for _ in range(50)], cycle(pair)
    grants = [
        partial(next(servers).identity.GrantTerm, r.a_grant(member, MONTHLY), timeout=50)
        for _ in range(6)
        for member in members
    ]
    await asyncio.gather(*(persistent(grant) for grant in grants))
    for member in members:
        assert_one_row_of(await timeline_of(pair[1], member), 6)
    assert_whole(pair[0].store_url)
