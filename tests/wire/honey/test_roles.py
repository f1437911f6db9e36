"""Who may call what: operators, services, and gateways for their token's member alone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clients import Channel
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import START, Mesh, mesh_of, serving
from tests.wire.honey.points import earned, refusal
from tests.wire.mesh.certificates import Authority, gateway, operator, service
from tests.wire.mesh.running import channel_to
from tests.wire.mesh.signing import Signer, bearer, token_settings


@dataclass(frozen=True)
class Callers:
    """One server, and a channel to it for each kind of caller."""

    operator: Mesh
    service: Mesh
    gateway: Mesh
    ann: tuple[tuple[str, str], ...]
    """The token that a gateway brings for her."""


@pytest.fixture
async def callers(tmp_path: Path) -> AsyncIterator[Callers]:
    authority, members = Authority(), Signer("members", "member")
    settings = authority.settings(tmp_path) | token_settings(tmp_path / "keys.json", members)
    mine = authority.credentials(authority.leaf(operator("alice")))
    async with AsyncExitStack() as closing:
        served = await closing.enter_async_context(
            serving(f"sqlite:///{tmp_path}/roles.db", credentials=mine, **settings)
        )

        async def calling(name: str) -> Mesh:
            credentials = authority.credentials(authority.leaf(name))
            inner = await closing.enter_async_context(channel_to(served.address, credentials))
            return mesh_of(served.address, Channel(inner, ()), served.store)

        await served.at(START)
        ann = bearer(members.token("ann"))
        yield Callers(served, await calling(service("shop")), await calling(gateway("bff")), ann)


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    error = await refusal(call)
    return error.code, error.reason


NOT_ALLOWED = (grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")
NOT_THE_MEMBER = (grpc.StatusCode.PERMISSION_DENIED, "MEMBER_NOT_ALLOWED")


async def test_only_operators_adjust_and_reinstate(callers: Callers) -> None:
    for name, request in {
        "AdjustPoints": r.an_adjustment("ann"),
        "ReinstatePoints": r.a_reinstatement("ann", "one"),
    }.items():
        assert await refused(callers.service.call(name, request)) == NOT_ALLOWED
        assert await refused(callers.gateway.call(name, request, metadata=callers.ann)) == NOT_ALLOWED


async def test_a_member_earns_confirms_and_undoes_nothing(callers: Callers) -> None:
    for name, request in {
        "EarnPoints": r.an_earning("ann"),
        "ConfirmHold": r.a_confirmation("ann", "one"),
        "ReversePoints": r.a_reversal("ann", "one"),
        "TransferPoints": r.a_transfer("ann", "bob"),
        "BatchPost": r.a_batch(r.an_earning("ann")),
    }.items():
        assert await refused(callers.gateway.call(name, request, metadata=callers.ann)) == NOT_ALLOWED


async def test_a_gateway_acts_for_its_member_alone(callers: Callers) -> None:
    await earned(callers.service, "ann", 50)
    await callers.gateway.wallets.SpendPoints(r.a_spend("ann"), metadata=callers.ann)
    kept = await callers.gateway.wallets.HoldPoints(r.a_hold("ann"), metadata=callers.ann)
    release = r.a_release("ann", kept.hold.hold_id)
    await callers.gateway.wallets.ReleaseHold(release, metadata=callers.ann)
    for name, request in {
        "SpendPoints": r.a_spend("bob"),
        "HoldPoints": r.a_hold("bob"),
        "ReleaseHold": r.a_release("bob", "one"),
        "GetBalance": pb.GetBalanceRequest(**r.of("bob")),
        "ListLots": pb.ListLotsRequest(**r.of("bob")),
        "ListTransactions": pb.ListTransactionsRequest(**r.of("bob")),
        # No member reads the wallet of a merchant.
        "GetStatement": pb.GetStatementRequest(**r.of("", merchant_id="shop")),
    }.items():
        assert await refused(callers.gateway.call(name, request, metadata=callers.ann)) == NOT_THE_MEMBER
