"""Authorization (A-09): every served method against every kind of caller and subject, and the policy file."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clients.errors import error_of
from nectary.risk.v1 import policy_pb2 as risk
from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from servers.mesh.config import load
from servers.mesh.contract import ContractError
from servers.mesh.process import assemble
from servers.mesh.resources import Resources
from servers.mesh.slices import Served, Slice
from servers.mesh.watched_file import CHECK_SECONDS
from tests.wire.mesh.certificates import Authority, gateway, operator, service
from tests.wire.mesh.echo import EchoServicer, echo_slice
from tests.wire.mesh.running import Running, channel_to, refusal, running
from tests.wire.mesh.signing import Signer, bearer, token_settings

SERVICE, OPERATOR = risk.CALLER_ROLE_SERVICE, risk.CALLER_ROLE_OPERATOR
GATEWAY, NOBODY = risk.CALLER_ROLE_GATEWAY, risk.CALLER_ROLE_UNSPECIFIED
NAMES = {
    SERVICE: service("honey"),
    OPERATOR: operator("alice"),
    GATEWAY: gateway("bff"),
    NOBODY: "urn:nobody",
}


@dataclass(frozen=True)
class Mesh:
    """A server, and a channel for each kind of caller."""

    server: Running
    channels: dict[risk.CallerRole.ValueType, grpc.aio.Channel]
    members: Signer

    def metadata(self, role: int) -> tuple[tuple[str, str], ...]:
        return bearer(self.members.token("m1")) if role == GATEWAY else ()


@pytest.fixture
async def mesh(echo: EchoServicer, tmp_path: Path) -> AsyncIterator[Mesh]:
    authority, members = Authority(), Signer("members", "member")
    settings = authority.settings(tmp_path) | token_settings(tmp_path / "keys.json", members)
    async with AsyncExitStack() as closing:
        server = await closing.enter_async_context(
            running(echo, credentials=authority.credentials(authority.leaf(NAMES[SERVICE])), **settings)
        )
        channels = {
            role: await closing.enter_async_context(
                channel_to(server.address, authority.credentials(authority.leaf(name)))
            )
            for role, name in NAMES.items()
        }
        yield Mesh(server, channels, members)


async def test_every_method_answers_exactly_the_roles_that_its_contract_names(
    mesh: Mesh, echo: EchoServicer
) -> None:
    """The triples are made from the descriptors: no method can be forgotten."""
    checked = 0
    for method in mesh.server.process.routes.methods:
        if method.streams_requests or method.streams_responses:
            continue
        for role, channel in mesh.channels.items():
            call: Any = channel.unary_unary(method.path)
            error = await _reason_of(call(b"", timeout=1, metadata=mesh.metadata(role)))
            allowed = role in method.callers or risk.CALLER_ROLE_ANYONE in method.callers
            refused = error in ("CALLER_UNKNOWN", "CALLER_NOT_ALLOWED")
            assert refused is not allowed, (method.path, role, error)
            assert error != "CALLER_UNKNOWN" or role == NOBODY
            checked += 1
    assert checked >= 24


async def _reason_of(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error_of(error).reason
    return ""


OTHERS = {
    "field": pb.LookRequest(member_id="m2"),
    "list": pb.LookRequest(member_ids=["m1", "m2"]),
    "field and list": pb.LookRequest(member_id="m1", member_ids=["m2"]),
    "nested": pb.LookRequest(member_id="m1", seats=[pb.Seat(member_id="m2")]),
    "deeply nested": pb.LookRequest(
        member_id="m1", seats=[pb.Seat(member_id="m1", neighbour=pb.Seat(member_id="m2"))]
    ),
    "map": pb.LookRequest(member_id="m1", by_name={"x": pb.Seat(member_id="m2")}),
    "nobody": pb.LookRequest(note="m1"),
    "case": pb.LookRequest(member_id="M1"),
    "space": pb.LookRequest(member_id="m1 "),
}


@pytest.mark.parametrize("request_", OTHERS.values(), ids=OTHERS.keys())
async def test_a_gateway_may_name_no_member_but_the_tokens(
    mesh: Mesh, echo: EchoServicer, request_: pb.LookRequest
) -> None:
    stub = rpc.EchoServiceStub(mesh.channels[GATEWAY])
    error = await refusal(stub.Look(request_, metadata=mesh.metadata(GATEWAY)))
    assert (error.code, error.reason) == (grpc.StatusCode.PERMISSION_DENIED, "MEMBER_NOT_ALLOWED")
    assert echo.handled == 0


async def test_a_gateway_may_name_its_member_wherever_a_member_stands(mesh: Mesh) -> None:
    stub = rpc.EchoServiceStub(mesh.channels[GATEWAY])
    everywhere = pb.LookRequest(
        member_id="m1",
        member_ids=["m1", "m1"],
        seats=[pb.Seat(member_id="m1")],
        by_name={"m2": pb.Seat(member_id="m1")},
    )
    assert (await stub.Look(everywhere, metadata=mesh.metadata(GATEWAY))).member_id == "m1"


async def test_a_service_may_name_any_member(mesh: Mesh) -> None:
    answer = await rpc.EchoServiceStub(mesh.channels[SERVICE]).Look(pb.LookRequest(member_ids=["m1", "m2"]))
    assert answer.member_id == ""


async def test_a_service_that_brings_a_members_token_is_narrowed_to_that_member(mesh: Mesh) -> None:
    stub = rpc.EchoServiceStub(mesh.channels[SERVICE])
    token = bearer(mesh.members.token("m1"))
    assert (await stub.Look(pb.LookRequest(member_id="m1"), metadata=token)).member_id == "m1"
    error = await refusal(stub.Look(pb.LookRequest(member_id="m2"), metadata=token))
    assert error.reason == "MEMBER_NOT_ALLOWED"
    error = await refusal(stub.Echo(pb.EchoRequest(), metadata=token))
    assert error.reason == "CALLER_NOT_ALLOWED"


ECHO = "/nectary.testing.v1.EchoService/"


def write_policy(path: Path, *principals: str) -> Path:
    rule = {"name": "r", "source": {"principals": principals}, "request": {"paths": [f"{ECHO}*"]}}
    path.write_text(json.dumps({"name": "p", "allow_rules": [rule]}))
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))
    return path


async def test_a_policy_narrows_and_never_widens_and_is_read_again_while_the_server_runs(
    echo: EchoServicer, tmp_path: Path
) -> None:
    authority = Authority()
    path = write_policy(tmp_path / "access.json", service("honey"), gateway("*"))
    credentials = authority.credentials(authority.leaf(service("honey")))
    other = authority.credentials(authority.leaf(service("partner")))
    settings = authority.settings(tmp_path) | {"access_policy": str(path)}
    async with (
        running(echo, credentials=credentials, **settings) as server,
        channel_to(server.address, other) as channel,
    ):
        partner = rpc.EchoServiceStub(channel)
        assert (await server.stub.Echo(pb.EchoRequest())).caller == service("honey")
        error = await refusal(partner.Echo(pb.EchoRequest()))
        assert (error.reason, error.metadata) == ("CALLER_NOT_ALLOWED", {"method": f"{ECHO}Echo"})

        write_policy(path, service("partner"))
        await asyncio.sleep(CHECK_SECONDS + 0.2)
        assert (await partner.Echo(pb.EchoRequest())).caller == service("partner")
        assert (await refusal(server.stub.Echo(pb.EchoRequest()))).reason == "CALLER_NOT_ALLOWED"

        path.write_text('{"name": "half')
        await asyncio.sleep(CHECK_SECONDS + 0.2)
        assert (await partner.Echo(pb.EchoRequest())).caller == service("partner")


async def test_a_served_method_that_no_rule_covers_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "access.json"
    path.write_text(
        json.dumps({"name": "p", "allow_rules": [{"name": "r", "request": {"paths": [f"{ECHO}Echo"]}}]})
    )
    config = load(None, {}, {"listen_port": 0, "access_policy": str(path)})
    async with AsyncExitStack() as closing:
        with pytest.raises(ContractError, match="no allow rule"):
            await assemble(config, [echo_slice(EchoServicer())], closing)


async def test_a_served_method_without_a_declared_policy_stops_the_start() -> None:
    async def make(resources: Resources) -> Slice:
        return Slice("bare", [Served(_add_undeclared, object(), "nectary.testing.v1.Undeclared")])

    def _add_undeclared(servicer: object, server: Any) -> None:
        handlers: Any = {"Method": grpc.unary_unary_rpc_method_handler(lambda request, context: None)}
        server.add_registered_method_handlers("nectary.testing.v1.Undeclared", handlers)

    async with AsyncExitStack() as closing:
        with pytest.raises(ContractError, match="stands in no contract"):
            await assemble(load(None, {}), [make], closing)
