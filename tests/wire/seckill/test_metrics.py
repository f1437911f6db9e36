"""What the metrics page tells of flash sales."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import timedelta
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clients import Throttled
from domain.seckill.gate import ALL_TRANCHES, Claim, Verdict
from domain.shared.instants import SECOND
from servers.mesh.breaker import FAILURES
from servers.mesh.clock import SystemClock
from servers.mesh.redis_clients import short_calls
from servers.seckill.gate.gate import Gate
from servers.seckill.sale.source import DatabaseSource
from tests.servers import free_port
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import refusal, reserved, selling, until
from tests.wire.seckill.conftest import emptied
from tests.wire.seckill.mesh import START, Mesh, serving, with_cards

Page = Mapping[str, float]
"""By name and values of labels: `events_total/UnitReserved`."""


@pytest.fixture
async def counted_mesh(sqlite_url: str, redis_url: str) -> AsyncIterator[Mesh]:
    """A server of this test's own, which counts from nothing."""
    await emptied(redis_url)
    async with serving(sqlite_url, redis_url, jobs=True, metrics_port=0) as mesh:
        await with_cards(mesh)
        yield mesh


async def page_of(mesh: Mesh) -> Page:
    def fetch() -> str:
        with urlopen(f"http://127.0.0.1:{mesh.metrics_port}/metrics") as page:
            return str(page.read().decode())

    samples = [
        sample
        for family in text_string_to_metric_families(await asyncio.to_thread(fetch))
        for sample in family.samples
    ]
    prefix = "nectary_seckill_"
    return {
        "/".join([one.name.removeprefix(prefix), *one.labels.values()]): one.value
        for one in samples
        if one.name.startswith(prefix)
    }


async def test_reservations_are_counted_by_answer_and_by_who_decided(counted_mesh: Mesh) -> None:
    activity_id = await selling(counted_mesh, stock=2)
    first = r.a_reservation(activity_id)
    await counted_mesh.seckill.ReserveUnit(first)
    await counted_mesh.seckill.ReserveUnit(first)
    await reserved(counted_mesh, activity_id, "bob")
    async with asyncio.timeout(10):
        # Until the copy of the gate is there, the gate itself refuses.
        while "reservations_total/SOLD_OUT/memory" not in (page := await page_of(counted_mesh)):
            with suppress(Throttled):
                await reserved(counted_mesh, activity_id, "eve")
    assert page["reservations_total/RESERVED/database"] == 2
    assert page["reservations_total/REPEATED/database"] == 1
    assert page["reservations_total/SOLD_OUT/gate"] >= 1
    assert page["group_commands_bucket/1"] == page["group_commands_sum"] == 3
    assert (page["ungated_total"], page["gate_away_seconds"]) == (0, 0)


async def test_a_crowd_shares_groups(counted_mesh: Mesh) -> None:
    activity_id = await selling(counted_mesh, stock=40)
    await asyncio.gather(*(reserved(counted_mesh, activity_id, f"m{number}") for number in range(40)))
    page = await page_of(counted_mesh)
    assert page["group_commands_sum"] == page["reservations_total/RESERVED/database"] == 40
    assert page["group_commands_bucket/1"] < page["group_commands_count"] < 40
    assert page["group_commands_bucket/256"] == page["group_commands_bucket/+Inf"]


async def test_what_became_of_orders_is_counted(counted_mesh: Mesh) -> None:
    activity_id = await selling(counted_mesh, member_limit=2)
    paid, expiring = [await reserved(counted_mesh, activity_id) for _ in range(2)]
    await counted_mesh.seckill.ConfirmPayment(r.a_payment(paid.order_id))
    await counted_mesh.seckill.ConfirmPayment(r.a_payment(paid.order_id))
    await counted_mesh.at(START + timedelta(minutes=16))
    await until(counted_mesh, paid.order_id, "DELIVERED")
    await until(counted_mesh, expiring.order_id, "EXPIRED")
    page = await page_of(counted_mesh)
    told = {name: count for name, count in page.items() if name.startswith("events_total/")}
    assert told == {
        "events_total/UnitReserved": 2,
        "events_total/OrderPaid": 1,
        "events_total/OrderDelivered": 1,
        "events_total/RefundDue": 1,
        "events_total/OrderExpired": 1,
        "events_total/StockReturned": 1,
    }


async def test_a_comparison_that_finds_something_is_counted(counted_mesh: Mesh, redis_url: str) -> None:
    activity_id = await selling(counted_mesh)
    await emptied(redis_url)
    await counted_mesh.activities.Reconcile(r.a_reconciliation(activity_id, repair=True))
    page = await page_of(counted_mesh)
    assert page["comparisons_total/differences"] == page["differences_total/GATE_MISSING"] == 1


async def test_a_claim_that_was_swept_is_counted(counted_mesh: Mesh, redis_url: str) -> None:
    """Another process claims a unit, and dies."""
    activity_id = await selling(counted_mesh)
    client, clock = short_calls(redis_url), SystemClock()
    ahead = int(START.timestamp()) * SECOND - clock.now()
    gate = Gate(client, DatabaseSource(counted_mesh.store, clock), lambda: ahead + SECOND)
    answer = await gate.claim(activity_id, Claim("ann", "r-1", 1, ALL_TRANCHES))
    assert answer.verdict is Verdict.CLAIMED
    await gate.close()
    await client.aclose()
    async with asyncio.timeout(15):
        while (await asyncio.gather(page_of(counted_mesh), asyncio.sleep(0.1)))[0]["swept_claims_total"] < 1:
            pass


async def test_a_gate_that_does_not_answer_shows(sqlite_url: str) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with serving(sqlite_url, nowhere, metrics_port=0) as mesh:
        await with_cards(mesh)
        activity_id = await selling(mesh, stock=FAILURES)
        for number in range(FAILURES):
            await reserved(mesh, activity_id, f"m{number}")
        assert (await refusal(reserved(mesh, activity_id))).reason == "SOLD_OUT"
        page = await page_of(mesh)
    assert page["ungated_total"] == FAILURES + 1
    assert page["gate_away_seconds"] > 0
    assert page["reservations_total/SOLD_OUT/database"] == 1
