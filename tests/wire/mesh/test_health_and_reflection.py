"""Health and reflection (A-08): what an outsider learns, and what an operator and a balancer learn."""

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.resources import Resources
from servers.mesh.slices import Slice
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import Running, channel_to, health_stub, refusal, running, until

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE = "nectary.testing.v1.EchoService"


# The library's stub is typed for synchronous channels.
make_stub: Any = reflection_pb2_grpc.ServerReflectionStub


async def listed(channel: grpc.aio.Channel) -> set[str]:
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    found: set[str] = set()
    async for answer in make_stub(channel).ServerReflectionInfo(iter([asked])):
        found |= {service.name for service in answer.list_services_response.service}
    return found


async def health(server: Running, service: str = "") -> Any:
    stub = health_stub(server.channel)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status


async def test_an_outsider_learns_the_health_of_the_whole_and_nothing_more(strict: Running) -> None:
    assert await health(strict) == SERVING
    stub = health_stub(strict.channel)
    for call in (
        stub.Check(health_pb2.HealthCheckRequest(service=SERVICE)),
        stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service")),
    ):
        assert (await refusal(call)).code is grpc.StatusCode.PERMISSION_DENIED
    watch = stub.Watch(health_pb2.HealthCheckRequest())
    assert await watch.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_an_outsider_is_not_even_told_that_reflection_could_be_there(strict: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await listed(strict.channel)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_embedded_run_has_reflection(embedded: Running) -> None:
    assert await listed(embedded.channel) == {
        SERVICE,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "nectary.common.v1.TestClockService",
    }


async def test_reflection_can_be_opened_to_all(echo: EchoServicer) -> None:
    async with running(echo, reflection="on", trust_local_caller="off") as server:
        assert SERVICE in await listed(server.channel)


async def test_reflection_can_be_left_out(echo: EchoServicer) -> None:
    async with running(echo, reflection="off") as server:
        # Nothing is asked: a client that is still writing when it is refused may report that as INTERNAL.
        call = make_stub(server.channel).ServerReflectionInfo()
        assert await call.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_an_insider_sees_each_service_and_what_changes(embedded: Running) -> None:
    assert await health(embedded, SERVICE) == SERVING
    stub = health_stub(embedded.channel)
    error = await refusal(stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service")))
    assert error.code is grpc.StatusCode.NOT_FOUND
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
    assert _status(await watch.read()) == SERVING
    await embedded.process.health.drain()
    assert _status(await asyncio.wait_for(watch.read(), 2)) == NOT_SERVING
    watch.cancel()


def _status(answer: object) -> Any:
    assert isinstance(answer, health_pb2.HealthCheckResponse)
    return answer.status


async def test_a_store_that_does_not_answer_makes_the_whole_not_serving_until_it_does(
    echo: EchoServicer,
) -> None:
    down = False

    async def probe() -> None:
        if down:
            raise ConnectionError("the database does not answer")

    async def probed(resources: Resources) -> Slice:
        return Slice("probed", [], probes=[probe])

    async with running(echo, extra=[probed]) as server:
        assert await health(server) == SERVING
        down = True
        await server.process.health.check()
        assert await health(server) == NOT_SERVING
        assert await health(server, SERVICE) == NOT_SERVING
        down = False
        await server.process.health.check()
        assert await health(server) == SERVING


async def test_health_answers_while_the_cap_on_calls_is_reached(echo: EchoServicer) -> None:
    async with running(echo, max_calls=1) as server, channel_to(server.address) as other:
        holding = asyncio.ensure_future(server.stub.Hold(pb.HoldRequest(ms=1000), timeout=3))
        await until(lambda: server.process.admission.running == 1)
        stub = health_stub(other)
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == SERVING
        await holding
