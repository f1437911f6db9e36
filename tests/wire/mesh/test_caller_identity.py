"""Caller identity by certificate (security.md, F-35): who is believed, as whom, and who is not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from clients.errors import NectaryError
from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from tests.wire.mesh.certificates import Authority, Leaf, gateway, operator, service
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, channel_to, refusal, running

HELLO = pb.EchoRequest(text="hello")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def secured(echo: EchoServicer, authority: Authority, tmp_path: Path) -> AsyncIterator[Running]:
    credentials = authority.credentials(authority.leaf(service("honey")))
    async with running(echo, credentials=credentials, **authority.settings(tmp_path)) as server:
        yield server


async def refused_with(server: Running, authority: Authority, leaf: Leaf | None) -> NectaryError:
    async with channel_to(server.address, authority.credentials(leaf)) as channel:
        return await refusal(rpc.EchoServiceStub(channel).Echo(HELLO, timeout=5))


async def test_a_service_is_known_by_the_name_in_its_certificate(secured: Running) -> None:
    assert (await secured.stub.Echo(HELLO)).caller == service("honey")


async def test_an_operator_is_known_by_its_certificate_too(secured: Running, authority: Authority) -> None:
    async with channel_to(
        secured.address, authority.credentials(authority.leaf(operator("alice")))
    ) as channel:
        assert (await rpc.EchoServiceStub(channel).Echo(HELLO)).caller == operator("alice")


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("spiffe://other.example/svc/honey",),
        ("spiffe://mesh.example.evil/svc/honey",),
        ("spiffe://mesh.example/svc/",),
        ("spiffe://mesh.example/svc/a/b",),
        ("spiffe://mesh.example/root/honey",),
        ("https://mesh.example/svc/honey",),
        (service("honey"), service("partner")),
    ],
    ids=lambda names: " ".join(names) or "none",
)
async def test_a_certificate_without_exactly_one_name_of_this_mesh_is_nobody(
    secured: Running, authority: Authority, echo: EchoServicer, names: tuple[str, ...]
) -> None:
    error = await refused_with(secured, authority, authority.leaf(*names))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNKNOWN")
    assert echo.handled == 0


async def test_a_caller_without_certificate_does_not_get_past_the_handshake(
    secured: Running, authority: Authority, echo: EchoServicer
) -> None:
    assert (await refused_with(secured, authority, None)).code is grpc.StatusCode.UNAVAILABLE
    assert echo.handled == 0


async def test_a_certificate_of_another_authority_does_not_get_past_the_handshake(
    secured: Running, authority: Authority, echo: EchoServicer
) -> None:
    foreign = Authority("test mesh").leaf(service("honey"))
    assert (await refused_with(secured, authority, foreign)).code is grpc.StatusCode.UNAVAILABLE
    assert echo.handled == 0


async def test_an_expired_certificate_does_not_get_past_the_handshake(
    secured: Running, authority: Authority, echo: EchoServicer
) -> None:
    expired = authority.leaf(service("honey"), age=timedelta(hours=3), life=timedelta(hours=1))
    assert (await refused_with(secured, authority, expired)).code is grpc.StatusCode.UNAVAILABLE
    assert echo.handled == 0


async def test_a_gateway_without_a_members_token_calls_for_nobody(
    secured: Running, authority: Authority, echo: EchoServicer
) -> None:
    leaf = authority.leaf(gateway("bff"))
    async with channel_to(secured.address, authority.credentials(leaf)) as channel:
        error = await refusal(rpc.EchoServiceStub(channel).Look(pb.LookRequest(member_id="m1")))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "MEMBER_TOKEN_INVALID")
    assert echo.handled == 0


async def test_tls_never_trusts_a_caller_for_being_local(secured: Running, authority: Authority) -> None:
    assert not secured.process.config.trusts_local_caller


async def test_without_trust_a_local_caller_is_nobody(strict: Running, echo: EchoServicer) -> None:
    error = await refusal(strict.stub.Echo(HELLO))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNKNOWN")
    assert echo.handled == 0


async def test_the_embedded_run_makes_its_local_caller_an_operator(embedded: Running) -> None:
    assert (await embedded.stub.Echo(HELLO)).caller == "local"


async def test_over_a_unix_socket_as_well(echo: EchoServicer, tmp_path: Path) -> None:
    async with running(echo, listen_host=f"unix:{tmp_path}/s") as server:
        assert (await server.stub.Echo(HELLO)).caller == "local"
