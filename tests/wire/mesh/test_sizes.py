"""Sizes (A-01): messages and what they claim to be; zip bombs; the server's memory stays where it was."""

import gzip
import resource
import struct
from typing import Any

import grpc
import pytest

from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.frames import Raw
from tests.wire.mesh.running import Running, channel_to, refusal

MIB = 1024 * 1024
ECHO = "/nectary.testing.v1.EchoService/Echo"


async def test_a_method_takes_no_more_than_its_contract_says(embedded: Running, echo: EchoServicer) -> None:
    call: Any = embedded.channel.unary_unary(ECHO)
    error = await refusal(call(b"\x0a" + b"\x80\x80\x04" + b"x" * 65_536))
    assert (error.code, error.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE")
    assert error.metadata == {"limit_bytes": "65536"}
    assert error.retry_after_seconds is None
    assert echo.handled == 0


@pytest.mark.parametrize("size", [5 * MIB, 20 * MIB])
async def test_a_huge_message_is_refused_by_the_transport(embedded: Running, size: int) -> None:
    error = await refusal(embedded.stub.Echo(pb.EchoRequest(text="x" * size)))
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    async with channel_to(embedded.address) as channel:
        assert (await rpc.EchoServiceStub(channel).Echo(pb.EchoRequest(text="on"))).text == "on"


async def test_a_zip_bomb_is_refused_before_it_fills_the_memory(
    embedded: Running, echo: EchoServicer
) -> None:
    bomb = gzip.compress(bytes(200 * MIB), 9)
    assert len(bomb) < MIB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with Raw.connected(embedded.port) as raw:
        stream = raw.request(ECHO, [("grpc-encoding", "gzip")])
        await raw.send(stream, b"\x01" + struct.pack(">I", len(bomb)) + bomb, end=True)
        status = await raw.status(stream)
    assert status in ("8", "RST")
    assert echo.handled == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


async def test_an_honest_compressed_message_is_read(embedded: Running) -> None:
    request = pb.EchoRequest(text="x" * 100)
    assert (await embedded.stub.Echo(request, compression=grpc.Compression.Gzip)).text == "x" * 100


async def test_a_message_that_claims_four_gigabytes_is_refused(embedded: Running, echo: EchoServicer) -> None:
    async with Raw.connected(embedded.port) as raw:
        stream = raw.request(ECHO)
        await raw.send(stream, b"\x00\xff\xff\xff\xff" + b"x" * 100, end=False)
        assert await raw.status(stream) in ("8", "RST")
    assert echo.handled == 0


async def test_a_call_without_any_message_is_answered(embedded: Running) -> None:
    async with Raw.connected(embedded.port) as raw:
        stream = raw.request(ECHO)
        await raw.send(stream, b"", end=True)
        assert await raw.status(stream) == "3"
