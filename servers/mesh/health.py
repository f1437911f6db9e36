"""Health as probes and balancers ask for it: of the whole process, and of each service."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2

from domain.shared.errors import Forbidden
from servers.mesh.call import NOBODY, current_caller

PROBE_SECONDS = 1.0
PROBE_TIMEOUT_SECONDS = 2.0
Probe = Callable[[], Awaitable[object]]
"""Raises if something that the process needs does not answer."""

_Status = health_pb2.HealthCheckResponse
_log = structlog.get_logger("nectary.health")


class HealthServicer(health.aio.HealthServicer):
    """The library's servicer, which tells strangers only about the whole: not what is served here."""

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> health_pb2.HealthCheckResponse:
        if request.service and current_caller() is NOBODY:
            raise Forbidden("CALLER_NOT_ALLOWED", "only the health of the whole is told to everybody")
        answer: health_pb2.HealthCheckResponse = await super().Check(request, context)
        return answer


class Health:
    """Says SERVING while every probe answers and the process is not draining."""

    def __init__(self, services: Sequence[str], probes: Sequence[Probe]) -> None:
        self.servicer = HealthServicer()
        self._services = ("", *services)
        self._probes = probes
        self._serving: bool | None = None

    async def check(self) -> bool:
        """Asks the probes once and tells the watchers if something changed."""
        serving = await self._all_answer()
        if serving != self._serving:
            self._serving = serving
            status = _Status.SERVING if serving else _Status.NOT_SERVING
            for service in self._services:
                await self.servicer.set(service, status)
            _log.info("health", serving=serving)
        return serving

    async def watch(self) -> None:
        """Asks the probes every second, until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(PROBE_SECONDS)

    async def drain(self) -> None:
        """NOT_SERVING from now on, whatever the probes say."""
        await self.servicer.enter_graceful_shutdown()

    async def _all_answer(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
                for probe in self._probes:
                    await probe()
        except Exception as error:
            _log.warning("a probe failed", error=repr(error))
            return False
        return True
