"""Metadata trust (A-03): which headers are believed, from whom, and what happens to the strange ones."""

from pathlib import Path

import grpc
import pytest

from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from tests.wire.mesh.certificates import Authority, service
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, channel_to, refusal, running

HELLO = pb.EchoRequest(text="hello")
REQUEST_ID = "x-nectary-internal-request-id"


async def test_the_request_id_of_a_mesh_peer_is_taken_over(echo: EchoServicer, tmp_path: Path) -> None:
    authority = Authority()
    credentials = authority.credentials(authority.leaf(service("honey")))
    async with running(echo, credentials=credentials, **authority.settings(tmp_path)) as server:
        answer = await server.stub.Echo(HELLO, metadata=((REQUEST_ID, "chain-1"),))
        assert answer.request_id == "chain-1"
        answer = await server.stub.Echo(HELLO, metadata=((REQUEST_ID, "x" * 500),))
        assert answer.request_id == "x" * 64


async def test_internal_metadata_of_anybody_else_is_ignored(embedded: Running) -> None:
    answer = await embedded.stub.Echo(HELLO, metadata=((REQUEST_ID, "forged"),))
    assert answer.request_id
    assert answer.request_id != "forged"


@pytest.mark.parametrize("key", ["authorization", REQUEST_ID, "x-nectary-internal-anything"])
async def test_a_key_that_says_who_calls_may_come_only_once(
    embedded: Running, echo: EchoServicer, key: str
) -> None:
    error = await refusal(embedded.stub.Echo(HELLO, metadata=((key, "a"), (key, "a"))))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNKNOWN")
    assert echo.handled == 0


@pytest.mark.parametrize("header", ["x-uid", "x-member-id", "x-forwarded-client-cert", "x-user"])
async def test_no_bare_header_makes_a_caller(strict: Running, header: str) -> None:
    error = await refusal(strict.stub.Echo(HELLO, metadata=((header, "m1"),)))
    assert error.reason == "CALLER_UNKNOWN"


@pytest.mark.parametrize("value", ["Basic bTE6cHc=", "Bearer", "Bearer ", "m1", ""])
async def test_other_authorizations_are_refused_not_ignored(embedded: Running, value: str) -> None:
    error = await refusal(embedded.stub.Echo(HELLO, metadata=(("authorization", value),)))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "MEMBER_TOKEN_INVALID")


async def test_strange_but_lawful_metadata_changes_nothing(embedded: Running) -> None:
    strange: list[tuple[str, str | bytes]] = [(f"x-{number}", "v") for number in range(100)]
    strange += [("x-data-bin", b"\x00\xff\r\n"), ("x-same", "a"), ("x-same", "b")]
    assert (await embedded.stub.Echo(HELLO, metadata=strange)).text == "hello"


async def test_metadata_beyond_the_hard_limit_is_refused_and_the_server_goes_on(
    embedded: Running, echo: EchoServicer
) -> None:
    error = await refusal(embedded.stub.Echo(HELLO, metadata=(("x-large", "v" * 17_000),)))
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert echo.handled == 0
    async with channel_to(embedded.address) as channel:
        assert (await rpc.EchoServiceStub(channel).Echo(HELLO)).text == "hello"
