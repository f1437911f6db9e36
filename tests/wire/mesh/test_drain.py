"""Draining (F-33): in-flight calls finish, late ones go elsewhere, and nothing is left behind."""

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2

from clients.channel import connect
from clients.errors import Unavailable
from nectary.testing.v1 import echo_service_pb2 as pb
from nectary.testing.v1 import echo_service_pb2_grpc as rpc
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import channel_to, health_stub, refusal, running, until

HALF = pb.HoldRequest(ms=500)
SERVICE = pb.DESCRIPTOR.services_by_name["EchoService"]


async def test_calls_in_flight_finish_and_a_late_one_is_told_to_go_elsewhere(echo: EchoServicer) -> None:
    async with running(echo, drain_grace_seconds=5) as server:
        holding = [asyncio.ensure_future(server.stub.Hold(HALF, timeout=3)) for _ in range(20)]
        await until(lambda: server.process.admission.running == 20)
        draining = asyncio.create_task(server.server.drain())
        await until(lambda: server.process.admission.is_closed)
        late = await refusal(server.stub.Echo(pb.EchoRequest(), timeout=1))
        assert late.code is grpc.StatusCode.UNAVAILABLE
        await asyncio.gather(*holding)
        await draining
    assert echo.cancelled == 0


async def test_the_balancer_is_told_before_the_port_closes(echo: EchoServicer) -> None:
    async with running(echo, drain_wait_seconds=0.3) as server:
        draining = asyncio.create_task(server.server.drain())
        await asyncio.sleep(0.05)
        stub = health_stub(server.channel)
        status = (await stub.Check(health_pb2.HealthCheckRequest())).status
        assert status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert (await server.stub.Echo(pb.EchoRequest(text="still"))).text == "still"
        await draining


async def test_calls_that_outlast_the_grace_are_ended(echo: EchoServicer) -> None:
    async with running(echo, drain_grace_seconds=0.1) as server:
        holding = asyncio.ensure_future(server.stub.Hold(pb.HoldRequest(ms=3000), timeout=3))
        await until(lambda: server.process.admission.running == 1)
        await server.server.drain()
        assert (await refusal(holding)).code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    assert echo.cancelled == 1


@pytest.mark.parametrize("at_once", [8, 400])
async def test_our_client_loses_no_call_when_a_server_goes_down_under_load(
    echo: EchoServicer, at_once: int
) -> None:
    """Two replicas behind one name, and nothing but the client's defaults.

    What is under way to a port that closes fails all at once, and must not use up the retries.
    """
    done, failed = 0, []
    async with running(echo, drain_grace_seconds=2) as first, running(echo, drain_grace_seconds=2) as second:
        target = f"ipv4:{first.address},{second.address}"
        async with connect(target, SERVICE) as channel:
            stub = rpc.EchoServiceStub(channel)
            stop = asyncio.Event()

            async def call_on() -> None:
                nonlocal done
                while not stop.is_set():
                    try:
                        await stub.Echo(pb.EchoRequest(text="x"))
                        done += 1
                    except Unavailable as error:
                        failed.append(error)

            callers = [asyncio.create_task(call_on()) for _ in range(at_once)]
            await until(lambda: done > 1_000)
            await first.server.drain()
            after = done
            await until(lambda: done > after + 1_000)
            stop.set()
            await asyncio.gather(*callers)
    assert not failed


async def test_a_call_that_slips_in_while_the_port_closes_is_told_so(echo: EchoServicer) -> None:
    async with running(echo) as server, channel_to(server.address) as channel:
        stub = rpc.EchoServiceStub(channel)
        await stub.Echo(pb.EchoRequest())
        server.process.admission.close()
        error = await refusal(stub.Echo(pb.EchoRequest()))
        assert (error.code, error.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
