"""Who may call what: operators, services, and gateways for their token's member alone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clients import Channel
from nectary.seckill.v1 import activity_service_pb2 as activities
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.servers import Redis
from tests.wire.mesh.certificates import Authority, gateway, operator, service
from tests.wire.mesh.running import channel_to
from tests.wire.mesh.signing import Signer, bearer, token_settings
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import refusal, reserved, selling
from tests.wire.seckill.conftest import DATABASE, emptied
from tests.wire.seckill.mesh import START, Mesh, mesh_of, serving

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Callers:
    """One server, and a channel to it for each kind of caller."""

    operator: Mesh
    service: Mesh
    gateway: Mesh
    members: Signer

    def as_member(self, member_id: str) -> Metadata:
        return bearer(self.members.token(member_id))


@pytest.fixture
async def callers(tmp_path: Path, valkey: Redis) -> AsyncIterator[Callers]:
    redis_url = f"{valkey.url.rpartition('/')[0]}/{DATABASE}"
    await emptied(redis_url)
    authority, members = Authority(), Signer("members", "member")
    settings = authority.settings(tmp_path) | token_settings(tmp_path / "keys.json", members)
    mine = authority.credentials(authority.leaf(operator("alice")))
    async with AsyncExitStack() as closing:
        served = await closing.enter_async_context(
            serving(f"sqlite:///{tmp_path}/roles.db", redis_url, credentials=mine, **settings)
        )

        async def calling(name: str) -> Mesh:
            credentials = authority.credentials(authority.leaf(name))
            inner = await closing.enter_async_context(channel_to(served.address, credentials))
            return mesh_of(served.address, Channel(inner, ()), served.store)

        await served.at(START)
        yield Callers(served, await calling(service("shop")), await calling(gateway("bff")), members)


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    error = await refusal(call)
    return error.code, error.reason


NOT_ALLOWED = (grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")


async def test_only_operators_run_activities(callers: Callers) -> None:
    activity_id = await selling(callers.operator)
    writes = {
        "CreateActivity": r.a_creation(),
        "UpdateActivity": r.an_update(activity_id, title="New"),
        "PublishActivity": r.a_publication(activity_id),
        "CloseActivity": r.a_closing(activity_id),
        "Reconcile": r.a_reconciliation(activity_id),
    }
    ann = callers.as_member("ann")
    for name, request in writes.items():
        assert await refused(callers.service.call(name, request)) == NOT_ALLOWED
        assert await refused(callers.gateway.call(name, request, metadata=ann)) == NOT_ALLOWED


async def test_a_gateway_buys_for_its_member_alone(callers: Callers) -> None:
    activity_id = await selling(callers.operator)
    ann = callers.as_member("ann")
    mine = r.a_reservation(activity_id, "ann")
    bought = await callers.gateway.seckill.ReserveUnit(mine, metadata=ann)
    assert bought.reservation.member_id == "ann"
    for name, request in {
        "ReserveUnit": r.a_reservation(activity_id, "bob"),
        "GetResult": r.a_question(r.a_reservation(activity_id, "bob")),
        "ListOrders": pb.ListOrdersRequest(member_id="bob"),
        # Naming nobody would be everybody.
        "ListOrders ": pb.ListOrdersRequest(activity_id=activity_id),
    }.items():
        code, reason = await refused(callers.gateway.call(name.strip(), request, metadata=ann))
        assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "MEMBER_NOT_ALLOWED")


async def test_a_gateway_sees_and_cancels_its_members_orders_alone(callers: Callers) -> None:
    bobs = (await reserved(callers.service, await selling(callers.operator), "bob")).order_id
    ann, bob = callers.as_member("ann"), callers.as_member("bob")
    for name, request in {
        "GetOrder": pb.GetOrderRequest(order_id=bobs),
        "CancelOrder": r.a_cancellation(bobs),
    }.items():
        code, reason = await refused(callers.gateway.call(name, request, metadata=ann))
        assert (code, reason) == (grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND")
        await callers.gateway.call(name, request, metadata=bob)


async def test_a_gateway_tells_of_no_payment(callers: Callers) -> None:
    anns = (await reserved(callers.service, await selling(callers.operator))).order_id
    paying = callers.gateway.call("ConfirmPayment", r.a_payment(anns), metadata=callers.as_member("ann"))
    assert await refused(paying) == NOT_ALLOWED
    await callers.service.seckill.ConfirmPayment(r.a_payment(anns))


async def test_members_do_not_see_drafts(callers: Callers) -> None:
    draft, ann = r.an_id(), callers.as_member("ann")
    await callers.operator.activities.CreateActivity(r.a_creation(draft))
    sold = await selling(callers.operator)
    asked = activities.GetActivityRequest(activity_id=draft)
    code, reason = await refused(callers.gateway.call("GetActivity", asked, metadata=ann))
    assert (code, reason) == (grpc.StatusCode.NOT_FOUND, "ACTIVITY_NOT_FOUND")
    listed = await callers.gateway.activities.ListActivities(activities.ListActivitiesRequest(), metadata=ann)
    assert [one.activity_id for one in listed.activities] == [sold]
    of_service = await callers.service.activities.ListActivities(activities.ListActivitiesRequest())
    assert {one.activity_id for one in of_service.activities} == {draft, sold}


async def test_a_member_token_is_needed(callers: Callers) -> None:
    activity_id = await selling(callers.operator)
    code, _ = await refused(callers.gateway.seckill.ReserveUnit(r.a_reservation(activity_id)))
    assert code is grpc.StatusCode.UNAUTHENTICATED
