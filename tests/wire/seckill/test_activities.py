"""Activities over the wire: made, changed, published, closed, listed, watched, reconciled."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import grpc
import pytest

from clients import ActivityClient, InvalidRequest, NotFound, Raced, Refused, connect
from nectary.seckill.v1 import activity_service_pb2 as pb
from nectary.seckill.v1 import seckill_pb2 as seckill
from tests.contract.seckill.books import read_books, violations
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import LONG_SECONDS, refusal, reserved, selling, served
from tests.wire.seckill.mesh import START, Mesh, serving, with_cards


async def created(mesh: Mesh, **settings: Any) -> seckill.Activity:
    return (await mesh.activities.CreateActivity(r.a_creation(**settings))).activity


async def found(mesh: Mesh, activity_id: str) -> pb.GetActivityResponse:
    return await mesh.activities.GetActivity(pb.GetActivityRequest(activity_id=activity_id))


async def test_a_new_activity_is_a_draft_that_says_what_was_asked(mesh: Mesh) -> None:
    tranches = [
        seckill.Tranche(stock=4, sku_ids=["gold_annual"], release_time=r.ts(START + timedelta(minutes=1))),
        seckill.Tranche(stock=6),
    ]
    wanted = r.settings(tranches=tranches, scenes=["app.home"], item=seckill.Item(benefit_id="lounge"))
    request = pb.CreateActivityRequest(request_id=r.new_id(), activity_id=r.an_id(), settings=wanted)
    answer = await mesh.call("CreateActivity", request)
    activity = pb.CreateActivityResponse.FromString(answer).activity
    assert activity.settings == wanted
    assert (activity.state, activity.revision) == (seckill.ACTIVITY_STATE_DRAFT, 1)
    assert await mesh.call("CreateActivity", request) == answer
    seen = await found(mesh, request.activity_id)
    assert seen.activity == activity
    assert [(one.number, one.stock, one.taken) for one in seen.stock.tranches] == [(1, 4, 0), (2, 6, 0)]


async def test_an_id_is_given_once(mesh: Mesh) -> None:
    activity = await created(mesh)
    error = await refusal(mesh.activities.CreateActivity(r.a_creation(activity.activity_id)))
    assert isinstance(error, Refused)
    assert (error.reason, error.metadata) == ("ACTIVITY_EXISTS", {"activity_id": activity.activity_id})


async def test_the_stock_of_a_running_sale_can_be_raised_and_lowered(mesh: Mesh) -> None:
    """Failure row 30: what is taken stays the floor, and what is added is sold."""
    activity_id = await selling(mesh, stock=2)
    for member in ("ann", "bob"):
        await reserved(mesh, activity_id, member)
    assert (await refusal(reserved(mesh, activity_id, "cat"))).reason == "SOLD_OUT"
    raised = (await mesh.activities.UpdateActivity(r.an_update(activity_id, 2, stock=3))).activity
    assert (raised.revision, raised.settings.stock) == (3, 3)
    await served(mesh, r.a_reservation(activity_id, "cat"))
    error = await refusal(mesh.activities.UpdateActivity(r.an_update(activity_id, stock=2)))
    assert (error.reason, error.metadata["taken"]) == ("STOCK_BELOW_TAKEN", "3")
    await mesh.activities.UpdateActivity(r.an_update(activity_id, stock=4))
    await mesh.activities.UpdateActivity(r.an_update(activity_id, stock=3))
    assert (await refusal(reserved(mesh, activity_id, "dan"))).reason == "SOLD_OUT"


async def test_a_change_of_an_old_revision_is_raced(mesh: Mesh) -> None:
    activity = await created(mesh)
    await mesh.activities.UpdateActivity(r.an_update(activity.activity_id, 1, title="Silver"))
    error = await refusal(mesh.activities.UpdateActivity(r.an_update(activity.activity_id, 1, title="Tin")))
    assert isinstance(error, Raced)
    assert (error.reason, error.metadata) == ("STALE_VERSION", {"current_version": "2"})
    error = await refusal(
        mesh.activities.PublishActivity(r.a_publication(activity.activity_id, expected_revision=1))
    )
    assert error.reason == "STALE_VERSION"


async def test_what_is_on_sale_stays_what_it_is(mesh: Mesh) -> None:
    activity_id = await selling(mesh)
    error = await refusal(mesh.activities.UpdateActivity(r.an_update(activity_id, price=r.yuan(1))))
    assert isinstance(error, Refused)
    assert (error.reason, error.metadata["state"]) == ("ACTIVITY_STATE_WRONG", "PUBLISHED")


@pytest.mark.parametrize("paths", [[], ["colour"], ["title", "title"]])
async def test_a_mask_names_settings_each_once(mesh: Mesh, paths: list[str]) -> None:
    request = r.an_update((await created(mesh)).activity_id, title="New")
    request.update_mask.paths[:] = paths
    error = await refusal(mesh.activities.UpdateActivity(request))
    assert isinstance(error, InvalidRequest)
    assert [violation.field for violation in error.violations] == ["update_mask"]


async def test_closed_is_for_ever(mesh: Mesh) -> None:
    activity_id = await selling(mesh)
    closed = (await mesh.activities.CloseActivity(r.a_closing(activity_id))).activity
    assert closed.state == seckill.ACTIVITY_STATE_CLOSED
    assert (await mesh.activities.CloseActivity(r.a_closing(activity_id))).activity == closed
    error = await refusal(mesh.activities.PublishActivity(r.a_publication(activity_id)))
    assert error.reason == "ACTIVITY_STATE_WRONG"


@pytest.mark.parametrize(
    "name", ["GetActivity", "UpdateActivity", "PublishActivity", "CloseActivity", "Reconcile"]
)
async def test_an_activity_that_does_not_exist_is_not_found(mesh: Mesh, name: str) -> None:
    request = {
        "GetActivity": pb.GetActivityRequest(activity_id="nothing"),
        "UpdateActivity": r.an_update("nothing", title="New"),
        "PublishActivity": r.a_publication("nothing"),
        "CloseActivity": r.a_closing("nothing"),
        "Reconcile": r.a_reconciliation("nothing"),
    }[name]
    error = await refusal(mesh.call(name, request))
    assert isinstance(error, NotFound)
    assert (error.reason, error.metadata) == ("ACTIVITY_NOT_FOUND", {"activity_id": "nothing"})


async def test_activities_are_listed_by_pages_the_latest_opening_first(mesh: Mesh) -> None:
    year = timedelta(days=365)
    made = [
        await created(mesh, open_time=r.ts(START + year), close_time=r.ts(START + year * 1.1)) for _ in "abc"
    ]
    later = await created(mesh, open_time=r.ts(START + 2 * year), close_time=r.ts(START + year * 2.1))
    drafts = pb.ListActivitiesRequest(state=seckill.ACTIVITY_STATE_DRAFT, page_size=2)
    first = await mesh.activities.ListActivities(drafts)
    drafts.page_token = first.next_page_token
    second = await mesh.activities.ListActivities(drafts)
    seen = [one.activity_id for one in (*first.activities, *second.activities)]
    assert seen[0] == later.activity_id
    assert sorted(seen[1:]) == sorted(one.activity_id for one in made)
    other = pb.ListActivitiesRequest(page_token=first.next_page_token)
    assert (await refusal(mesh.activities.ListActivities(other))).reason == "PAGE_TOKEN_INVALID"


async def test_an_operators_stock_is_told_of(mesh: Mesh) -> None:
    """As units that come back and are sold are: whoever listens knows whether anything is left."""
    activity_id = await selling(mesh, stock=1)
    await reserved(mesh, activity_id)
    await mesh.activities.UpdateActivity(r.an_update(activity_id, stock=3))
    await mesh.activities.UpdateActivity(r.an_update(activity_id, title="Silver"))
    await mesh.activities.UpdateActivity(r.an_update(activity_id, stock=1))
    books = await mesh.store.read(read_books, activity_id)
    assert list(violations(books)) == []
    told = [(row["type"], row["payload"]) for row in books.stock_events]
    assert [kind for kind, _ in told] == ["ActivitySoldOut", "StockReturned", "ActivitySoldOut"]
    assert json.loads(told[1][1]) == {"activity_id": activity_id, "left": 2, "units": 2}


async def test_a_watcher_sees_the_stock_at_once_and_as_it_changes(mesh: Mesh) -> None:
    activity_id = await selling(mesh, stock=3)
    stream = mesh.activities.WatchStock(pb.WatchStockRequest(activity_id=activity_id), timeout=10)
    seen = aiter(stream)
    assert (await anext(seen)).stock.taken == 0
    await reserved(mesh, activity_id)
    assert (await anext(seen)).stock.taken == 1
    await mesh.activities.CloseActivity(r.a_closing(activity_id))
    assert (await anext(seen)).state == seckill.ACTIVITY_STATE_CLOSED


async def heard_until(mesh: Mesh, activity_id: str, taken: int) -> list[int]:
    """The taken units that a watcher hears of, up to these."""
    heard: list[int] = []
    stream = mesh.activities.WatchStock(pb.WatchStockRequest(activity_id=activity_id), timeout=LONG_SECONDS)
    async for answer in stream:
        heard += [answer.stock.taken]
        if answer.stock.taken == taken:
            break
    return heard


async def test_a_watcher_hears_at_most_ten_times_a_second_and_the_last_word(mesh: Mesh) -> None:
    """Also when others watch, one of whom has gone."""
    activity_id = await selling(mesh, stock=50, member_limit=50)
    gone = aiter(mesh.activities.WatchStock(pb.WatchStockRequest(activity_id=activity_id), timeout=10))
    await anext(gone)
    began = asyncio.get_running_loop().time()
    listening = asyncio.create_task(heard_until(mesh, activity_id, 30))
    await gone.aclose()  # type: ignore[attr-defined]  # the stub's type hides that it is a generator
    for _ in range(30):
        await reserved(mesh, activity_id)
    heard = await listening
    seconds = asyncio.get_running_loop().time() - began
    assert heard[-1] == 30
    assert heard == sorted(set(heard))
    # The first at once, and one more for the look that was under way.
    assert len(heard) <= 10 * seconds + 2


async def test_a_server_that_goes_down_sends_its_watchers_elsewhere_at_once(
    sqlite_url: str, redis_url: str
) -> None:
    """Not after the grace that it gives to calls which will end."""
    async with AsyncExitStack() as server:
        mesh = await server.enter_async_context(serving(sqlite_url, redis_url, drain_grace_seconds=20))
        await with_cards(mesh)
        activity_id = await selling(mesh)
        async with connect(mesh.address, ActivityClient.SERVICE) as channel:
            watching = aiter(ActivityClient(channel).watch_stock(activity_id))
            await anext(watching)
            async with asyncio.timeout(10):
                await server.aclose()
            error = await refusal(anext(watching))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")


async def test_watching_nothing_is_not_found(mesh: Mesh) -> None:
    stream = aiter(mesh.activities.WatchStock(pb.WatchStockRequest(activity_id="nothing"), timeout=10))
    assert (await refusal(anext(stream))).reason == "ACTIVITY_NOT_FOUND"


async def test_a_reconciliation_of_a_running_sale_balances(mesh: Mesh) -> None:
    """SK-2: what the gate has left = stock − orders − claims."""
    activity_id = await selling(mesh, stock=5)
    for member in ("ann", "bob"):
        await reserved(mesh, activity_id, member)
    answer = await mesh.activities.Reconcile(r.a_reconciliation(activity_id, repair=True))
    assert answer.balanced
    [tranche] = answer.gate
    assert (tranche.stock, tranche.left, tranche.claimed + tranche.held, tranche.ordered) == (5, 3, 2, 2)
    assert answer.stock.taken == 2
